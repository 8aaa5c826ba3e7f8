# What a cluster admits: images from known registries, labelled objects, no pod with the host's powers.
package kubernetes.admission

# METADATA
# description: Undefined for what is not an AdmissionReview.
# entrypoint: true
decision := {"allowed": count(deny) == 0, "messages": sort(deny), "uid": input.request.uid}

deny contains message if {
	not exempt
	some container in containers
	image := object.get(container, "image", "")
	not from_known_registry(image)
	message := sprintf("container %s: image %s is not from an allowed registry", [name_of(container), image])
}

deny contains message if {
	not exempt
	some label in data.required_labels[reviewed.kind]
	object.get(reviewed, ["metadata", "labels", label], "") == ""
	message := sprintf("%s %s: label %s is missing or empty", [reviewed.kind, name_of(object.get(reviewed, "metadata", {})), label])
}

deny contains message if {
	not exempt
	some container in containers
	container.securityContext.privileged == true
	message := sprintf("container %s: privileged", [name_of(container)])
}

deny contains message if {
	not exempt
	some volume in list(pod.volumes)
	path := volume.hostPath.path
	not allowed_host_path(path)
	message := sprintf("volume %s: host path %s", [name_of(volume), path])
}

deny contains message if {
	not exempt
	some field in ["hostIPC", "hostNetwork", "hostPID"]
	pod[field] == true
	message := sprintf("%s is set", [field])
}

exempt if input.request.namespace in data.exempt_namespaces

exempt if input.request.operation == "DELETE"

reviewed := input.request.object

# A pod stands by itself, in the template of a controller, or in that of a CronJob's job.
pod := reviewed.spec if reviewed.kind == "Pod"

pod := reviewed.spec.template.spec if reviewed.kind in {"DaemonSet", "Deployment", "Job", "ReplicaSet", "StatefulSet"}

pod := reviewed.spec.jobTemplate.spec.template.spec if reviewed.kind == "CronJob"

containers contains container if {
	some field in ["containers", "ephemeralContainers", "initContainers"]
	some container in list(pod[field])
}

# A thing without a name is denied all the same: an undefined name would drop the message.
name_of(thing) := object.get(thing, "name", "?")

# What is no list holds nothing; to some engines, iterating over it is an error.
list(value) := value if is_array(value)

from_known_registry(image) if {
	some registry in data.registries
	startswith(image, concat("", [registry, "/"]))
}

allowed_host_path(path) if {
	some allowed in data.host_paths
	path == allowed
}

allowed_host_path(path) if {
	some allowed in data.host_paths
	startswith(path, concat("", [allowed, "/"]))
	not contains(path, "/..")
}
