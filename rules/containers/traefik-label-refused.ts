import { conf } from '../../src/engine/conf.ts'
import { defineRule, type RuleFinding } from '../../src/engine/rule.ts'
import type { Container } from '../../src/deployment/containers/container.ts'
import type { Deployment } from '../../src/deployment/model.ts'
import { besideTraefik, isTraefik } from './_traefik.ts'
import { httpLabels, type TraefikLabel, unknownField } from './_traefik-labels.ts'
import { ofSecondVersion, withoutService } from './_traefik-routers-refused.ts'
import { namePlaceOf } from './_traefik-routers.ts'

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
  otherSeverities: { warning: 'where another part of the rule may match' },
  confidence: 'high',
  since: '0.1.0',
  why: 'Traefik reads all labels of a container into its table of fields. At one that it has no field for it says `field not found, node: entrypoint` in its log and passes over the whole container; a rule that it cannot read switches the router off, and version 3 reads none with two names in one `Host` as version 2 does. A router that names no service gets the one of its container, and is dropped where there are two. Docker starts the container all the same, and clients get 404 page not found.',
  remedy:
    'Write the field as Traefik calls it, names without a dot, hosts and paths of a rule between backticks, each in brackets of its own, and the service of each router where a container has two',
  references: [
    'https://doc.traefik.io/traefik/reference/routing-configuration/other-providers/docker/',
    'https://doc.traefik.io/traefik/reference/routing-configuration/http/routing/rules-and-priority/',
    'https://doc.traefik.io/traefik/migrate/v2-to-v3-details/#new-v3-syntax-notable-changes',
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
    {
      title: 'two services, and routers that name none',
      files: tree(
        '«traefik.http.routers.site.rule»=Host(`example.org`)',
        'traefik.http.services.site.loadbalancer.server.port=9000',
        'traefik.http.services.console.loadbalancer.server.port=9001',
        'traefik.http.routers.console.rule=Host(`console.example.org`)',
        'traefik.http.routers.console.service=console',
      ),
    },
    {
      title: 'two names, for version 3',
      files: besideTraefik(['traefik.http.routers.web.rule=«Host(`example.org`, `www.example.org`)»']),
    },
    {
      title: 'a pattern of version 2, for version 3',
      files: besideTraefik(['traefik.http.routers.web.rule=HostRegexp(«`{shop:[a-z]+}.example.org`»)']),
    },
    {
      title: 'one of two parts of a rule',
      files: besideTraefik([
        'traefik.http.routers.web.rule=Host(`example.org`) || HostRegexp(«`{shop:[a-z]+}.example.org`»)',
      ]),
    },
    {
      title: 'the former name of a matcher',
      files: besideTraefik([
        'traefik.http.routers.web.rule=PathPrefix(`/api`) && «Headers»(`X-Version`, `2`)',
      ]),
    },
  ],
  good: [
    {
      title: 'two services, and a router that names its own',
      files: tree(
        RULE,
        'traefik.http.routers.site.service=site',
        'traefik.http.services.site.loadbalancer.server.port=9000',
        'traefik.http.services.console.loadbalancer.server.port=9001',
      ),
    },
    {
      title: 'two labels of one service',
      files: tree(
        RULE,
        'traefik.http.services.site.loadbalancer.server.port=9000',
        'traefik.http.services.site.loadbalancer.server.scheme=https',
      ),
    },
    {
      title: 'the rules of version 2, where they are asked for',
      files: besideTraefik([
        'traefik.http.routers.web.rule=Host(`example.org`, `www.example.org`)',
        'traefik.http.routers.web.ruleSyntax=v2',
      ]),
    },
    {
      title: 'the rules of version 2 for all',
      files: besideTraefik(['traefik.http.routers.web.rule=Host(`example.org`, `www.example.org`)'], {
        options: ['--core.defaultRuleSyntax=v2'],
      }),
    },
    {
      title: 'the rules of version 2, and version 2',
      files: {
        'docker-compose.yml': besideTraefik([
          'traefik.http.routers.web.rule=Host(`example.org`, `www.example.org`)',
        ])['docker-compose.yml']!.replace('traefik:v3.1', 'traefik:v2.11'),
      },
    },
    {
      title: 'patterns of version 3',
      files: besideTraefik([
        'traefik.http.routers.web.rule=HostRegexp(`^[a-z]{2,9}\\.example\\.org$$`) && Query(`a`, `b`)',
      ]),
    },
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
        const labels = httpLabels(container.service)
        for (const label of labels) yield* refused(label)
        yield* withoutService(container, labels)
        yield* ofSecondVersion(container, labels)
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
  const { value } = label
  const at = namePlaceOf({ label, path })
  if (path[0]?.toLowerCase() !== 'http') {
    yield {
      at,
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
      at,
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
