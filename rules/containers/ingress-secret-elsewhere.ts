import type { Ingresses } from '../../parsers/kubernetes/read-ingresses.ts'
import { clusterFiles } from '../../src/deployment/kubernetes/cluster-files.ts'
import { conf } from '../../src/engine/conf.ts'
import { defineRule, type RuleFinding } from '../../src/engine/rule.ts'
import { page } from './_kubernetes-examples.ts'

const tree = ({
  namespace = 'namespace: shop',
  annotations = '',
  controller = 'nginx',
  secret = certificate('namespace: cert-manager'),
  kustomization = '',
}: {
  readonly namespace?: string
  readonly annotations?: string
  readonly controller?: string
  readonly secret?: string
  readonly kustomization?: string
}): Record<string, string> => ({
  'nginx.conf': page(),
  'k8s/ingress.yaml': conf`
    apiVersion: networking.k8s.io/v1
    kind: Ingress
    metadata:
      name: shop
      ${namespace}
      ${annotations}
    spec:
      ingressClassName: ${controller}
      tls:
        - hosts: [example.org]
          secretName: shop-tls
      rules:
        - host: example.org
          http:
            paths:
              - path: /
                pathType: Prefix
                backend:
                  service: { name: shop, port: { number: 80 } }
  `,
  'k8s/certificate.yaml': secret,
  ...(kustomization !== '' && { 'k8s/kustomization.yaml': kustomization }),
})

function certificate(namespace: string, more = ''): string {
  return conf`
    apiVersion: cert-manager.io/v1
    kind: Certificate
    metadata:
      name: shop
      ${namespace}
    spec:
      secretName: shop-tls
      ${more}
      dnsNames: [example.org]
      issuerRef: { name: letsencrypt, kind: ClusterIssuer }
  `
}

export default defineRule({
  summary:
    'The Secret of a certificate is called otherwise, or is in another namespace, than the Ingress says',
  severity: 'warning',
  confidence: 'high',
  since: '0.1.0',
  why: 'An Ingress finds a Secret in its own namespace alone. Where there is none of the name, ingress-nginx answers with its own: browsers warn of a “Kubernetes Ingress Controller Fake Certificate”.',
  remedy:
    'Create the Certificate, or the Secret, in the namespace of the Ingress, and by the name that it gives',
  references: [
    'https://kubernetes.io/docs/concepts/services-networking/ingress/#tls',
    'https://kubernetes.github.io/ingress-nginx/user-guide/tls/',
    'https://cert-manager.io/docs/usage/certificate/',
  ],
  unproven: 'The live tests have no ingress-nginx',
  bad: [
    {
      title: 'a Certificate beside its issuer',
      files: tree({ secret: certificate('namespace: «cert-manager»') }),
    },
    {
      title: 'a Secret',
      files: tree({
        secret: conf`
          apiVersion: v1
          kind: Secret
          metadata: { name: shop-tls, namespace: «default» }
          type: kubernetes.io/tls
        `,
      }),
    },
    {
      title: 'a Certificate with another Secret',
      files: Object.fromEntries(
        Object.entries(tree({ secret: certificate('namespace: shop') })).map(([path, text]) => [
          path,
          path.includes('certificate')
            ? text.replace('shop-tls', 'example-org-tls')
            : text.replace('shop-tls', '«shop-tls»'),
        ]),
      ),
    },
  ],
  good: [
    {
      title: 'a Secret that another tool makes, beside a Certificate for another name',
      files: Object.fromEntries(
        Object.entries(tree({ secret: certificate('namespace: shop') })).map(([path, text]) => [
          path,
          path.includes('certificate')
            ? text.replace('shop-tls', 'www-tls').replace('[example.org]', '[www.example.org]')
            : text,
        ]),
      ),
    },
    { title: 'one namespace', files: tree({ secret: certificate('namespace: shop') }) },
    { title: 'none is written', files: tree({ namespace: '' }) },
    {
      title: 'an annotation that has cert-manager make one beside the Ingress',
      files: tree({ annotations: 'annotations: { cert-manager.io/cluster-issuer: letsencrypt }' }),
    },
    { title: 'another controller', files: tree({ controller: 'istio' }) },
    {
      title: 'a program that copies it',
      files: tree({
        secret: certificate(
          'namespace: cert-manager',
          'secretTemplate: { annotations: { reflector.v1.k8s.emberstack.com/reflection-auto-enabled: "true" } }',
        ),
      }),
    },
    {
      title: 'a second one that is made for it',
      files: tree({
        secret: conf`
          ${certificate('namespace: cert-manager')}
          ---
          apiVersion: external-secrets.io/v1
          kind: ExternalSecret
          metadata: { name: shop-tls, namespace: shop }
        `,
      }),
    },
    {
      title: 'Kustomize gives all one namespace',
      files: tree({
        kustomization: conf`
          namespace: shop
          resources:
            - ingress.yaml
            - certificate.yaml
        `,
      }),
    },
  ],
  *check(deployment) {
    const cluster = clusterFiles(deployment)
    if (cluster === null || !cluster.isComplete || cluster.hasPatches || cluster.setsNamespace) return
    const { ingresses, secrets } = cluster.ingresses
    yield* calledOtherwise(cluster.ingresses)
    for (const { name: ingress, namespace, hasIssuer, secrets: named } of ingresses)
      for (const { name, at } of hasIssuer || namespace === null ? [] : named) {
        const own = secrets.filter(each => each.name === name)
        const [only] = own
        if (only === undefined || own.length > 1 || !MAKERS.has(only.kind)) continue
        const elsewhere = only.namespace
        if (elsewhere === null || elsewhere === namespace || only.isCopied) continue
        yield {
          at: only.namespaceAt,
          message: `the Ingress \`${ingress}\` looks for the Secret \`${name}\` in its own namespace, \`${namespace}\`, and answers with a certificate that no browser trusts`,
          label: 'another namespace',
          related: [{ at, message: 'the Secret it looks for' }],
          help: `Create it in the namespace \`${namespace}\``,
        }
      }
  },
})

/** A Certificate for the names of an Ingress whose Secret no Ingress asks for, where nothing makes the one that is asked for. */
function* calledOtherwise({ ingresses, secrets }: Ingresses): Iterable<RuleFinding> {
  const asked = new Set(ingresses.flatMap(each => each.secrets.map(({ name }) => name)))
  const unasked = secrets.filter(({ kind, name }) => kind === 'Certificate' && !asked.has(name))
  if (unasked.length === 0) return
  const made = new Set(secrets.map(({ name }) => name))
  for (const { name: ingress, namespace, hasIssuer, secrets: named } of ingresses)
    for (const { name, at, hosts } of hasIssuer ? [] : named) {
      if (hosts === null || hosts.length === 0 || made.has(name)) continue
      const meant = unasked.filter(
        each =>
          each.hosts !== null &&
          hosts.every(host => each.hosts?.includes(host)) &&
          (each.namespace === null || namespace === null || each.namespace === namespace),
      )
      const [only] = meant
      if (only === undefined || meant.length > 1) continue
      yield {
        at,
        message: `nothing here makes a Secret \`${name}\`, and the Certificate for ${hosts.map(host => `\`${host}\``).join(' and ')} makes \`${only.name}\`, so the Ingress \`${ingress}\` answers with a certificate that no browser trusts`,
        label: 'no such Secret',
        related: [{ at: only.nameAt, message: 'the Secret that the Certificate makes' }],
        help: `Write \`${only.name}\``,
      }
    }
}

const MAKERS: ReadonlySet<string> = new Set(['Certificate', 'Secret', 'SealedSecret'])
