import type { Source } from '../../parsers/text/source.ts'

/** True of a file in one of the directories in which people keep manifests of Kubernetes, by its name alone. */
export function mayBeManifest(path: string): boolean {
  return /(?:^|\/)(?:k8s|kube|kubernetes|deploy|deployments?|manifests|openshift|kustomize)\/(?:[^/]+\/)*[^/]+\.ya?ml$/.test(
    path,
  )
}

/** True of a file with an Ingress that ingress-nginx makes servers of. */
export function hasIngressOfNginx({ text }: Source): boolean {
  return (
    /^kind: *Ingress\b/m.test(text) &&
    /^ *(?:ingressClassName|kubernetes\.io\/ingress\.class): *["']?nginx\b|^ *nginx\.ingress\.kubernetes\.io\//m.test(
      text,
    )
  )
}
