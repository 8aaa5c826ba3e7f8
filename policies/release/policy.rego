# Whether a release may be deployed: version, image and target, through builtins that a Wasm host provides.
package release

# METADATA
# description: Why not, sorted, since engines give a set in an order of their own; empty when it may be deployed.
# entrypoint: true
reasons := sort(violations)

violations contains message if {
	not semver.is_valid(input.version)
	message := sprintf("version %s is not a semantic version", [input.version])
}

violations contains message if {
	minimum := data.minimum[input.service]
	semver.is_valid(input.version)
	semver.compare(input.version, minimum) < 0
	message := sprintf("version %s of %s is below %s", [input.version, input.service, minimum])
}

violations contains message if {
	not regex.match(data.image_pattern, input.image)
	message := sprintf("image %s is not pinned by digest", [input.image])
}

violations contains message if {
	some target in input.targets
	not known_target(target)
	message := sprintf("target %s matches none of %d patterns", [target, count(data.targets)])
}

known_target(target) if {
	some pattern in data.targets
	glob.match(pattern, ["."], target)
}

# METADATA
# description: The next patch release. Undefined for what is not a semantic version without a suffix.
# entrypoint: true
next_version := sprintf("%d.%d.%d", [to_number(major), to_number(minor), to_number(patch) + 1]) if {
	semver.is_valid(input.version)
	regex.match(`^[0-9]+\.[0-9]+\.[0-9]+$`, input.version)
	[major, minor, patch] := split(input.version, ".")
}
