# For the conformance suite: calls a function that it does not define and that no engine has.
package unknown_function

# METADATA
# entrypoint: true
allow if no.such_function(input.x)
