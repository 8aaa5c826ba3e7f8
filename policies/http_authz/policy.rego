# Who may call which route of an HTTP API. The gateway has checked the token's signature; its claims are the input's.
package http_authz

# METADATA
# description: Undefined for what is not a request (no method, no path).
# entrypoint: true
decision := {"allow": reason == "granted", "reason": reason, "status": statuses[reason]} if {
	is_string(input.method)
	is_array(input.path)
}

statuses := {"granted": 200, "no such route": 404, "no valid token": 401, "not permitted": 403}

reason := "no such route" if {
	count(matching) == 0
} else := "granted" if {
	some route in matching
	route.public == true
} else := "no valid token" if {
	not token_is_valid
} else := "granted" if {
	some route in matching
	permitted(route)
} else := "not permitted"

matching contains route if {
	some route in data.routes
	route.method == input.method
	count(route.path) == count(input.path)
	every i, segment in route.path {
		segment_matches(segment, input.path[i])
	}
}

# A segment of a route that begins with a colon takes any value.
segment_matches(segment, value) if segment == value

segment_matches(segment, value) if {
	startswith(segment, ":")
	value != ""
}

token_is_valid if {
	input.claims.iss in data.issuers
	data.audience in audiences
	input.claims.exp > input.time
	not not_yet_valid
}

# A rule of its own: engines differ on `not` before a comparison with something undefined, and `nbf` is optional.
not_yet_valid if input.claims.nbf > input.time

# The audience is a string or a list of them (RFC 7519, 4.1.3).
audiences contains input.claims.aud if is_string(input.claims.aud)

audiences contains audience if {
	is_array(input.claims.aud)
	some audience in input.claims.aud
}

permitted(route) if {
	some role in route.roles
	role in input.claims.roles
}

# The owner of a thing may do to it what the route allows owners, without a role.
permitted(route) if {
	some i, segment in route.path
	segment == route.owner
	input.path[i] == input.claims.sub
}
