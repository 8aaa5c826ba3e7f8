# Role-based access control: who may do what, in which namespace.
package rbac

# METADATA
# description: The user is found by key, so the cost does not grow with the number of bindings.
# entrypoint: true
default allow := false

allow if {
	some binding in data.bindings[input.user]
	grants(binding)
}

# METADATA
# description: Names are compared without regard to case, so every binding is looked at.
# entrypoint: true
default allow_any_case := false

allow_any_case if {
	some user, bindings in data.bindings
	lower(user) == lower(input.user)
	some binding in bindings
	grants(binding)
}

grants(binding) if {
	binding.namespace in {input.namespace, "*"}
	some grant in data.roles[binding.role]
	grant.verb in {input.verb, "*"}
	grant.resource in {input.resource, "*"}
}
