/** True of a file in one of the directories in which people keep manifests of Kubernetes, by its name alone. */
export function mayBeManifest(path: string): boolean {
  return /(?:^|\/)(?:k8s|kube|kubernetes|deploy|deployments?|manifests|openshift|kustomize)\/(?:[^/]+\/)*[^/]+\.ya?ml$/.test(
    path,
  )
}
