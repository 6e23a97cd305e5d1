import { memo } from '../collections/memo.ts'
import type { Place, Source } from '../text/source.ts'
import { readYaml } from '../yaml/read-yaml.ts'
import type { YamlMap } from '../yaml/yaml-node.ts'
import { entryAt, itemsOf, listAt, mapAt, textAt } from './yaml-paths.ts'

/** What ingress-nginx makes servers of. */
export interface Ingress {
  readonly name: string
  /** As written; null where nobody says it, and the one that applies it does. */
  readonly namespace: string | null
  readonly at: Place
  readonly apiVersion: string
  /** What stands behind `nginx.ingress.kubernetes.io/`. */
  readonly annotations: readonly IngressAnnotation[]
  /** What stands behind `nginx.org/` and `nginx.com/`, for the controller of F5. */
  readonly ofOther: readonly IngressAnnotation[]
  /** By their whole names, what other controllers read, and what ingress-nginx did long ago. */
  readonly ofOthers: readonly IngressAnnotation[]
  /** The class, as its field or its annotation has it; null where nobody says it. */
  readonly className: string | null
  /** The paths of its rules, as they are written; `type` is their `pathType`, null where none is said. */
  readonly paths: readonly { readonly path: string; readonly type: string | null; readonly at: Place }[]
  /** The Services that its rules, or its default, lead to. */
  readonly services: readonly string[]
  /** The ports of Services that its rules lead to, by their names or numbers. */
  readonly backends: readonly IngressBackend[]
  /** True where an annotation has cert-manager make its certificates. */
  readonly hasIssuer: boolean
  /** The Secrets of its certificates. */
  readonly secrets: readonly {
    readonly name: string
    readonly at: Place
    /** The names that it is for; null where a template or nobody says them all. */
    readonly hosts: readonly string[] | null
  }[]
}

export interface IngressBackend {
  readonly service: string
  readonly port: string
  /** The name of the Service. */
  readonly at: Place
  readonly portAt: Place
}

export interface IngressAnnotation {
  readonly name: string
  readonly nameAt: Place
  readonly value: string
  readonly at: Place
}

/** An object that is a Secret, or makes one. */
export interface SecretMaker {
  readonly kind: string
  /** The name of the Secret. */
  readonly name: string
  readonly namespace: string | null
  readonly namespaceAt: Place
  /** True where an annotation has a program copy the Secret into other namespaces. */
  readonly isCopied: boolean
  /** Of a Certificate the place of the name of its Secret, and the names that it is for; null where not all are known. */
  readonly nameAt: Place
  readonly hosts: readonly string[] | null
}

export interface Ingresses {
  readonly ingresses: readonly Ingress[]
  readonly secrets: readonly SecretMaker[]
}

const PREFIX = 'nginx.ingress.kubernetes.io/'
/** Looks ahead, so that the names are kept whole. */
const OF_OTHERS =
  /^(?=(?:ingress|traefik\.ingress|alb\.ingress|appgw\.ingress)\.kubernetes\.io\/|(?:haproxy(?:-ingress\.github)?|konghq|projectcontour)\.(?:org|io|com)\/)/

/** The Ingresses of ingress-nginx in a file, and what there makes Secrets. */
export const readIngresses = memo((source: Source): Ingresses => {
  const ingresses: Ingress[] = []
  const secrets: SecretMaker[] = []
  for (const map of readYaml(source).documents.flatMap(itemsOf)) {
    const kind = textAt(map, 'kind')
    const name = textAt(map, 'metadata', 'name')
    if (kind === null || name === null || textAt(map, 'apiVersion') === null) continue
    if (kind === 'Ingress') ingresses.push(...ingressOf(map, name))
    else secrets.push(...secretOf(map, kind, name))
  }
  return { ingresses, secrets }
})

function ingressOf(map: YamlMap, name: string): readonly Ingress[] {
  const written = [...(mapAt(map, 'metadata', 'annotations')?.entries.values() ?? [])]
  const names = written.map(entry => entry.name)
  const className =
    textAt(map, 'spec', 'ingressClassName') ??
    textAt(map, 'metadata', 'annotations', 'kubernetes.io/ingress.class')
  const withPrefix = (prefix: RegExp): readonly IngressAnnotation[] =>
    written.flatMap(({ name: key, key: nameAt, value: { at } }) => {
      const value = textAt(map, 'metadata', 'annotations', key)
      return !prefix.test(key) || value === null ? [] : [{ name: key.replace(prefix, ''), nameAt, value, at }]
    })
  if (!/^nginx(?:-|$)/.test(className ?? '') && !names.some(each => each.startsWith(PREFIX))) return []
  return [
    {
      name,
      namespace: textAt(map, 'metadata', 'namespace'),
      at: entryAt(map, 'kind')!.value.at,
      apiVersion: textAt(map, 'apiVersion') ?? '',
      annotations: withPrefix(/^nginx\.ingress\.kubernetes\.io\//),
      ofOther: withPrefix(/^nginx\.(?:org|com)\//),
      ofOthers: withPrefix(OF_OTHERS),
      className,
      paths: listAt(map, 'spec', 'rules').flatMap(rule =>
        listAt(rule, 'http', 'paths').flatMap(each => {
          const path = textAt(each, 'path')
          return path === null
            ? []
            : [{ path, type: textAt(each, 'pathType'), at: entryAt(each, 'path')!.value.at }]
        }),
      ),
      services: [
        ...listAt(map, 'spec', 'rules')
          .flatMap(rule => listAt(rule, 'http', 'paths'))
          .flatMap(each => textAt(each, 'backend', 'service', 'name') ?? []),
        ...[textAt(map, 'spec', 'defaultBackend', 'service', 'name') ?? []].flat(),
      ],
      backends: listAt(map, 'spec', 'rules')
        .flatMap(rule => listAt(rule, 'http', 'paths'))
        .flatMap(backendOf),
      hasIssuer: names.some(each =>
        /^(?:cert-manager\.io|certmanager\.k8s\.io|kubernetes\.io\/tls-acme)/.test(each),
      ),
      secrets: listAt(map, 'spec', 'tls').flatMap(each => {
        const secret = textAt(each, 'secretName')
        return secret === null
          ? []
          : [{ name: secret, at: entryAt(each, 'secretName')!.value.at, hosts: wordsAt(each, 'hosts') }]
      }),
    },
  ]
}

function backendOf(path: YamlMap): readonly IngressBackend[] {
  const name = entryAt(path, 'backend', 'service', 'name')
  const service = textAt(path, 'backend', 'service', 'name')
  return ['name', 'number'].flatMap(kind => {
    const written = entryAt(path, 'backend', 'service', 'port', kind)
    const port = textAt(path, 'backend', 'service', 'port', kind)
    return name === null || service === null || written === null || port === null
      ? []
      : [{ service, port, at: name.value.at, portAt: written.value.at }]
  })
}

/** A Certificate says how the Secret is called; others give it their own name, or say so in a `target`. */
function secretOf(map: YamlMap, kind: string, own: string): readonly SecretMaker[] {
  const isCertificate = kind === 'Certificate'
  const name = isCertificate
    ? textAt(map, 'spec', 'secretName')
    : (textAt(map, 'spec', 'target', 'name') ?? own)
  if (name === null) return []
  const namespace = entryAt(map, 'metadata', 'namespace')
  return [
    {
      kind,
      name,
      namespace: textAt(map, 'metadata', 'namespace'),
      namespaceAt: (namespace ?? entryAt(map, 'metadata', 'name')!).value.at,
      nameAt: (isCertificate
        ? entryAt(map, 'spec', 'secretName')
        : (entryAt(map, 'spec', 'target', 'name') ?? entryAt(map, 'metadata', 'name')))!.value.at,
      hosts: isCertificate ? wordsAt(map, 'spec', 'dnsNames') : null,
      isCopied: [mapAt(map, 'metadata', 'annotations'), mapAt(map, 'spec', 'secretTemplate', 'annotations')]
        .flatMap(each => [...(each?.entries.keys() ?? [])])
        .some(key => /reflect|replic|kubed|sync|cop(?:y|ied)/i.test(key)),
    },
  ]
}

/** The words of a list; null where it is none, or a template makes some of them. */
function wordsAt(map: YamlMap, ...path: readonly string[]): readonly string[] | null {
  const node = entryAt(map, ...path)?.value
  if (node?.kind !== 'list') return null
  const words = node.items.map(item => (item.kind === 'scalar' ? item.text.text : '\uFFFD'))
  return words.some(word => /[\0\uFFFD{$]/.test(word)) ? null : words
}
