import { placeText } from '../../parsers/text/source.ts'
import { conf } from '../../src/engine/conf.ts'
import { defineRule, type RuleFinding } from '../../src/engine/rule.ts'
import type { Container } from '../../src/deployment/containers/container.ts'
import type { Deployment } from '../../src/deployment/model.ts'
import { besideTraefik, isTraefik } from './_traefik.ts'
import { httpLabels, type TraefikLabel, unknownField } from './_traefik-labels.ts'

const tree = (...labels: readonly string[]): Record<string, string> => ({
  'docker-compose.yml': conf`
    services:
      site:
        image: nginx:1.27
        labels:
          - traefik.enable=true
          ${labels.map(label => `- ${label}`)}
  `,
})

const RULE = 'traefik.http.routers.site.rule=Host(`example.org`)'

export default defineRule({
  summary: 'Traefik refuses a label of a container, and makes no route to it',
  severity: 'error',
  confidence: 'high',
  since: '0.1.0',
  why: 'Traefik reads all labels of a container into its table of fields. At one that it has no field for it says `field not found, node: entrypoint` in its log and passes over the whole container; a rule that it cannot read switches the router off. Docker starts the container all the same, and clients get 404 page not found.',
  remedy:
    'Write the field as Traefik calls it, names without a dot, and hosts and paths of a rule between backticks',
  references: [
    'https://doc.traefik.io/traefik/reference/routing-configuration/other-providers/docker/',
    'https://doc.traefik.io/traefik/reference/routing-configuration/http/routing/rules-and-priority/',
  ],
  unproven: 'The live tests have neither Docker nor Traefik',
  bad: [
    {
      title: 'labels of version 1',
      files: besideTraefik(['«traefik.frontend.rule=Host:example.org»', 'traefik.port=80']),
    },
    {
      title: 'one entry point',
      files: tree(RULE, '«traefik.http.routers.site.entrypoint»=websecure'),
    },
    { title: 'a router that is one', files: tree('«traefik.http.router.site.rule»=Host(`example.org`)') },
    {
      title: 'a dot in a name',
      files: tree('«traefik.http.routers.shop.site.rule»=Host(`example.org`)'),
    },
    {
      title: 'a slip',
      files: tree(RULE, '«traefik.http.services.site.loadbalncer.server.port»=8080'),
    },
    { title: 'a name without `http`', files: tree('«traefik.routers.site.rule»=Host(`example.org`)') },
    { title: 'the rule of version 1', files: tree('traefik.http.routers.site.rule=«Host:example.org»') },
    {
      title: 'a host without quotes',
      files: tree('traefik.http.routers.site.rule=«Host(example.org)»'),
    },
    {
      title: 'single quotes',
      files: tree(`"traefik.http.routers.site.rule=«Host('example.org') && PathPrefix('/api')»"`),
    },
  ],
  good: [
    {
      title: 'labels of version 1 beside those of today',
      files: besideTraefik(['traefik.frontend.rule=Host:example.org', RULE]),
    },
    {
      title: 'what Traefik has',
      files: tree(
        'traefik.http.routers.site.rule=Host(`example.org`) && (PathPrefix("/api") || ClientIP(`10.0.0.0/8`))',
        'traefik.http.routers.site.entryPoints=web,websecure',
        'traefik.http.routers.site.tls.domains[0].main=example.org',
        'traefik.http.services.site.loadBalancer.server.port=8080',
        'traefik.http.middlewares.site-https.redirectscheme.scheme=https',
        'traefik.http.middlewares.site-waf.plugin.bouncer.enabled=true',
        'traefik.tcp.routers.site.entrypoint.x=1',
      ),
    },
    {
      title: 'a field of a later version, and a value of the environment',
      files: tree('traefik.http.routers.site.newfield=1', 'traefik.http.routers.site.rule=${SITE_RULE}'),
    },
    {
      title: 'labels of version 1',
      files: tree('traefik.frontend.rule=Host:example.org', 'traefik.port=8080'),
    },
  ],
  *check({ machines }) {
    for (const { container } of machines)
      if (container !== null) {
        for (const label of httpLabels(container.service)) yield* refused(label)
        yield* ofFirstVersion(container, machines)
      }
  },
})

/** The first label that only version 1 reads, where a later one is there to read it. */
function* ofFirstVersion(
  { service, project }: Container,
  machines: Deployment['machines'],
): Iterable<RuleFinding> {
  const old = service.labels.find(({ name }) =>
    /^traefik\.(?:frontend|backend|port|protocol)(?:\.|$)/i.test(name),
  )
  if (old === undefined || httpLabels(service).length > 0) return
  const proxy = machines.find(
    ({ container }) => container?.project === project && isTraefik(container),
  )?.container
  // Version 1 had names for its releases, and was the latest once: what the command says is of today.
  const isLater =
    /:v?[23]/.test(proxy?.reference ?? '') ||
    proxy?.service.command?.words.some(({ text }) => /^--(?:providers|entrypoints)\.\w/i.test(text))
  if (proxy == null || isLater !== true) return
  yield {
    at: old.at,
    message: `\`${proxy.reference}\` passes over this label, which has the form of version 1: 404 page not found`,
    label: 'of version 1',
    related: [{ at: proxy.service.image?.at ?? proxy.service.at, message: 'the version' }],
    help: 'Write `traefik.http.routers.NAME.rule=Host(`example.org`)`, as version 2 and later read it',
  }
}

function* refused({ label, path }: TraefikLabel): Iterable<RuleFinding> {
  const { name, at, value } = label
  const text = placeText(at)
  const begin = text.indexOf(name)
  if (begin === -1) return
  if (path[0]?.toLowerCase() !== 'http') {
    yield {
      at: { ...at, start: at.start + begin, end: at.start + begin + name.length },
      message: `Traefik passes over this label: what it reads begins with \`traefik.http.${path[0]}\``,
      label: 'without `http`',
      help: `Write \`traefik.http.${path.join('.')}\``,
    }
    return
  }
  const field = unknownField(path)
  if (field !== null) {
    const { word, meant } = field
    yield {
      at: { ...at, start: at.start + begin, end: at.start + begin + name.length },
      message: `Traefik passes over this container: field not found, node: ${word}`,
      label: meant === null ? 'a dot in a name' : 'no such field',
      help: meant === null ? 'Give the router or service a name without a dot' : `Write \`${meant}\``,
    }
    return
  }
  const isRule = path.length === 4 && /^routers$/i.test(path[1] ?? '') && /^rule$/i.test(path[3] ?? '')
  if (!isRule || value?.known !== true || value.at === null) return
  const said = unreadable(value.value)
  if (said === null) return
  yield {
    at: value.at,
    message: `Traefik switches the router \`${path[2]}\` off: ${said}`,
    label: 'no rule',
    help: 'Write hosts and paths between backticks: Host(`example.org`)',
  }
}

const MATCHERS =
  '(?:Host|HostSNI|HostRegexp|Path|PathPrefix|PathRegexp|Method|Headers?|HeaderRegexp|Query|ClientIP)'
const OF_FIRST_VERSION = new RegExp(`^\\s*${MATCHERS}:\\s*[\\w.*/-]`)
const WITHOUT_QUOTES = new RegExp(`\\b${MATCHERS}\\(\\s*(?:[\\w./*-][^\`"']*|'[^']{2,}'[^\`"]*)\\)`)

/** Why a rule is none to versions 2 and 3, which read it as an expression of Go. */
function unreadable(rule: string): string | null {
  if (rule.includes('$') || rule.includes('{{')) return null
  if (OF_FIRST_VERSION.test(rule)) return 'error while parsing rule, which has the form of version 1'
  return WITHOUT_QUOTES.test(rule) ? 'error while parsing rule: what stands in brackets is no text' : null
}
