import type { ComposeService, ComposeVariable } from '../../parsers/compose/compose.ts'
import { isOneSlipAway } from '../../parsers/text/one-slip-away.ts'

/** What stands below a name of Traefik's dynamic configuration, in small letters: null where anything may follow. */
export interface TraefikField {
  readonly name: string
  /** Null for a value, `any` for what is not looked into. */
  readonly fields: readonly TraefikField[] | 'any'
  /** True where names of one's own stand between. */
  readonly named: boolean
  /** What people write for it. */
  readonly others: readonly string[]
}

const field = (
  name: string,
  others = '',
  fields: TraefikField['fields'] = 'any',
  named = false,
): TraefikField => ({ name, fields, named, others: others === '' ? [] : others.split(' ') })

const leaves = (names: string): readonly TraefikField[] => names.split(' ').map(name => field(name))

const MIDDLEWARES = leaves(
  'addPrefix basicAuth buffering chain circuitBreaker compress contentType digestAuth encodedCharacters errors forwardAuth grpcWeb headers inFlightReq ipAllowList ipWhiteList passTLSClientCert plugin rateLimit redirectRegex redirectScheme replacePath replacePathRegex retry stripPrefix stripPrefixRegex',
)

/** Traefik's own table, of versions 2 and 3. */
const HTTP: readonly TraefikField[] = [
  field(
    'routers',
    'router route routes',
    [
      field('rule', 'rules'),
      field('entryPoints', 'entrypoint'),
      field('middlewares', 'middleware'),
      field('service', 'services'),
      field('tls', 'ssl', [
        field('certResolver', 'certresolvers resolver'),
        field('options', 'option'),
        field('domains', 'domain'),
      ]),
      ...leaves('priority observability parentRefs ruleSyntax'),
    ],
    true,
  ),
  field(
    'services',
    'service',
    [
      field('loadBalancer', 'loadbalancers load-balancer', [
        field('server', ''),
        field('servers', ''),
        ...leaves(
          'sticky healthCheck passiveHealthCheck passHostHeader responseForwarding serversTransport strategy method',
        ),
      ]),
      ...leaves('weighted mirroring failover highestRandomWeight middlewares'),
    ],
    true,
  ),
  field('middlewares', 'middleware', MIDDLEWARES, true),
  ...leaves('serversTransports models'),
]

/** The fields that a label of a container may name. */
const ROOT = field('traefik', '', [field('http', 'https', HTTP)])

export interface TraefikLabel {
  readonly label: ComposeVariable
  /** As written, without `traefik`. */
  readonly path: readonly string[]
}

/** Labels that are meant for Traefik's dynamic configuration, from version 2 on. */
export function httpLabels({ labels }: ComposeService): readonly TraefikLabel[] {
  return labels.flatMap(label => {
    const [root = '', ...path] = label.name.split('.')
    const isMeant = /^(?:http|routers|services|middlewares)$/i.test(path[0] ?? '')
    return root.toLowerCase() === 'traefik' && isMeant ? [{ label, path }] : []
  })
}

export interface UnknownField {
  /** The word that Traefik has no field for. */
  readonly word: string
  /** What was meant: a field, or a name without its dot. */
  readonly meant: string | null
}

/** The first word of a label that Traefik refuses, where it is known what was meant; null where there is none. */
export function unknownField(path: readonly string[]): UnknownField | null {
  let { fields } = ROOT as { readonly fields: TraefikField['fields'] }
  for (let at = 0; at < path.length && fields !== 'any'; at++) {
    const word = path[at] ?? ''
    const plain = word.replace(/\[\d+\]$/, '').toLowerCase()
    const found: TraefikField | undefined = fields.find(({ name }) => name.toLowerCase() === plain)
    if (found === undefined) {
      const meant = fields.find(
        ({ name, others }) => others.includes(plain) || isOneSlipAway(name.toLowerCase(), plain),
      )
      if (meant !== undefined) return { word, meant: meant.name }
      // A name of one's own that holds a dot: the field comes behind it.
      const next = (path[at + 1] ?? '').toLowerCase()
      const isName = at >= 3 && fields.some(({ name }) => name.toLowerCase() === next)
      return isName ? { word, meant: null } : null
    }
    fields = found.fields
    if (found.named) at++
  }
  return null
}
