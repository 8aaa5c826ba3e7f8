# For the conformance suite: decides, runs for ever, takes memory for ever, or fails, as the input says.
package moody

# METADATA
# entrypoint: true
allow if input.user == "alice"

allow if {
	input.spin
	some i in numbers.range(1, 20000)
	some j in numbers.range(1, 20000)
	some k in numbers.range(1, 20000)
	(i + j) + k < 0
}

allow if {
	input.hoard
	count([{"i": i, "j": j} | some i in numbers.range(1, 20000); some j in numbers.range(1, 20000)]) < 0
}

allow if {
	input.clash
	value == 1
}

value := 1 if input.clash

value := 2 if input.clash
