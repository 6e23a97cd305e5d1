import type { ComposeProject, ComposeService } from '../../parsers/compose/compose.ts'
import { placeText } from '../../parsers/text/source.ts'
import { defineRule } from '../../src/engine/rule.ts'
import { besideTraefik, isSwitchedOff, type Traefik, traefikOf } from './_traefik.ts'
import { httpLabels } from './_traefik-labels.ts'
import { namePlaceOf, routersOf, type TraefikRouter, valueOfField } from './_traefik-routers.ts'

const RULE = 'traefik.http.routers.web.rule=Host(`shop.example.org`)'
const SECURE = 'traefik.http.routers.web.entrypoints=websecure'
const TLS = 'traefik.http.routers.web.tls=true'
const MARKED = '«traefik.http.routers.web.tls»=true'

export default defineRule({
  summary: 'A router has TLS and no certificate resolver, though Traefik has one',
  severity: 'warning',
  confidence: 'high',
  since: '0.1.0',
  why: 'A certificate resolver that the command of Traefik defines does nothing by itself: it asks for the names of those routers alone that say `tls.certresolver`, or whose entry point says `http.tls.certresolver`. With `tls=true` alone Traefik asks for no certificate, says so nowhere, and shows browsers the one that it made for itself (TRAEFIK DEFAULT CERT), of which they warn.',
  remedy:
    'Write `traefik.http.routers.NAME.tls.certresolver=RESOLVER`, or `--entrypoints.websecure.http.tls.certresolver=RESOLVER` for all routers that have no `tls` of their own',
  references: [
    'https://doc.traefik.io/traefik/reference/routing-configuration/http/tls/overview/',
    'https://doc.traefik.io/traefik/reference/install-configuration/tls/certificate-resolvers/overview/',
  ],
  unproven: 'The live tests have neither Docker nor Traefik',
  bad: [
    { title: 'TLS alone', files: besideTraefik([RULE, SECURE, MARKED]) },
    {
      title: 'beside a router that has a resolver, for another name',
      files: besideTraefik([
        RULE,
        SECURE,
        MARKED,
        'traefik.http.routers.api.rule=Host(`api.example.org`)',
        'traefik.http.routers.api.tls.certresolver=le',
      ]),
    },
    {
      title: 'options of TLS',
      files: besideTraefik([RULE, SECURE, '«traefik.http.routers.web.tls.options»=modern@docker']),
    },
    {
      title: 'TLS of an entry point without a resolver',
      files: besideTraefik([RULE, SECURE, MARKED], { options: ['--entrypoints.websecure.http.tls=true'] }),
    },
    {
      title: 'a name of the environment',
      files: besideTraefik(['"traefik.http.routers.web.rule=Host(`shop.${DOMAIN}`)"', SECURE, MARKED]),
    },
  ],
  good: [
    {
      title: 'a resolver',
      files: besideTraefik([RULE, SECURE, TLS, 'traefik.http.routers.web.tls.certresolver=le']),
    },
    {
      title: 'a resolver of the entry point',
      files: besideTraefik([RULE, SECURE], {
        options: ['--entrypoints.websecure.http.tls.certresolver=le'],
      }),
    },
    {
      title: 'another router asks for the name',
      files: besideTraefik([
        RULE,
        SECURE,
        TLS,
        'traefik.http.routers.api.rule=Host(`shop.example.org`) && PathPrefix(`/api`)',
        'traefik.http.routers.api.tls.certresolver=le',
      ]),
    },
    {
      title: 'another router asks for all names of the domain',
      files: besideTraefik([
        RULE,
        SECURE,
        TLS,
        'traefik.http.routers.api.rule=Host(`example.org`)',
        'traefik.http.routers.api.tls.certresolver=le',
        'traefik.http.routers.api.tls.domains[0].main=example.org',
        'traefik.http.routers.api.tls.domains[0].sans=*.example.org',
      ]),
    },
    {
      title: 'files of Traefik, which may bring certificates',
      files: besideTraefik([RULE, SECURE, TLS], {
        options: ['--providers.file.directory=/etc/traefik/conf.d'],
      }),
    },
    {
      title: 'a certificate for all names that have none',
      files: besideTraefik([
        RULE,
        SECURE,
        TLS,
        'traefik.tls.stores.default.defaultgeneratedcert.resolver=le',
        'traefik.tls.stores.default.defaultgeneratedcert.domain.main=shop.example.org',
      ]),
    },
    {
      title: 'names for which nobody gives a certificate',
      files: besideTraefik([
        'traefik.http.routers.web.rule=Host(`shop.localhost`) || Host(`shop.home.arpa`)',
        SECURE,
        TLS,
      ]),
    },
    {
      title: 'no name, and a name that is local unless somebody says otherwise',
      files: besideTraefik([
        'traefik.http.routers.web.rule=PathPrefix(`/`)',
        TLS,
        'traefik.http.routers.two.rule=Host(`${DOMAIN:-localhost}`)',
        'traefik.http.routers.two.tls=true',
      ]),
    },
    {
      title: 'Traefik without a resolver',
      files: {
        'docker-compose.yml': besideTraefik([RULE, SECURE, TLS])['docker-compose.yml']!.replace(
          /.*certificatesresolvers.*\n/,
          '',
        ),
      },
    },
    { title: 'no TLS', files: besideTraefik([RULE, SECURE, 'traefik.http.routers.web.tls=false']) },
    { title: 'not for Traefik', files: besideTraefik(['traefik.enable=false', RULE, SECURE, TLS]) },
  ],
  *check(deployment) {
    for (const { container } of deployment.machines) {
      if (container === null || !container.service.complete || isSwitchedOff(container.service)) continue
      const routers = routersOf(httpLabels(container.service)).filter(hasPlainTls)
      const traefik = routers.length === 0 ? null : traefikOf(deployment, container)
      if (traefik === null || traefik.resolvers.length === 0 || getsThemElsewhere(traefik)) continue
      const services = allServices(container.projects)
      if (services.some(bringsCertificates)) continue
      const asking = services.flatMap(routersFor).filter(({ fields }) => fields.has(RESOLVER))
      const asked = new Set(asking.flatMap(hostsOf))
      const [resolver] = traefik.resolvers
      for (const router of routers) {
        const hosts = hostsOf(router)
        if (hosts.length === 0 || hosts.some(host => asked.has(host) || !isPublic(host))) continue
        // A file that is laid over this one may give it a resolver.
        if (asking.some(({ name }) => name.toLowerCase() === router.name.toLowerCase())) continue
        yield {
          at: namePlaceOf(tlsOf(router)!),
          message: `the router \`${router.name}\` names no certificate resolver, so Traefik asks for no certificate for \`${hosts[0]}\` and shows browsers the one that it made for itself`,
          label: 'no `tls.certresolver` beside it',
          related: [
            {
              at: traefik.container.service.at,
              message: `has a resolver \`${resolver}\`, which routers have to name`,
            },
          ],
          help: `Write \`traefik.http.routers.${router.name}.tls.certresolver=${resolver}\``,
        }
      }
    }
  },
})

const RESOLVER = 'tls.certresolver'

/** What gives a router TLS, without a word of where its certificate comes from. */
function tlsOf({ fields }: TraefikRouter) {
  const found = [...fields].filter(([field]) => /^tls(?:\.|$)/.test(field))
  return found.every(([field]) => field === 'tls' || field === 'tls.options') ? found[0]?.[1] : undefined
}

function hasPlainTls(router: TraefikRouter): boolean {
  const label = tlsOf(router)
  return label !== undefined && (!router.fields.has('tls') || valueOfField(router, 'tls') === 'true')
}

/** True where an entry point has a resolver or names of its own, or other providers may bring certificates. */
function getsThemElsewhere({ options }: Traefik): boolean {
  return options.some(text =>
    /^--entrypoints\.[^.=]+\.http\.tls\.(?:certresolver|domains)\b|^--providers\.(?!docker\b|providersthrottle)/i.test(
      text,
    ),
  )
}

const allServices = (projects: readonly ComposeProject[]): readonly ComposeService[] =>
  projects.flatMap(({ services }) => [...services.values()])

const routersFor = (service: ComposeService): readonly TraefikRouter[] => routersOf(httpLabels(service))

/** True for labels with a certificate for names that have none, or for more names than the rule of a router has. */
function bringsCertificates({ labels }: ComposeService): boolean {
  return labels.some(({ name }) =>
    /^traefik\.(?:tls\.stores\.|http\.routers\.[^.]+\.tls\.domains)/i.test(name),
  )
}

/** The names in the rule of a router as they are written: two rules with one variable speak of one name. */
function hostsOf({ fields }: TraefikRouter): readonly string[] {
  const label = fields.get('rule')?.label
  if (label === undefined) return []
  const hosts = placeText(label.at).matchAll(/\bHost\(\s*((?:[`"'][^`"']*[`"'],?\s*)+)\)/g)
  return [...hosts].flatMap(([, list = '']) =>
    [...list.matchAll(/[`"']([^`"']+)[`"']/g)].map(([, host = '']) => host.toLowerCase()),
  )
}

/** False for a name for which no authority gives a certificate, or which may be one. */
function isPublic(host: string): boolean {
  return (
    !/:-|\blocal/.test(host) &&
    /[.$]/.test(host) &&
    !/\.(?:arpa|corp|docker|home|internal|intranet|invalid|lan|test)$|^[\d.]+$/.test(host)
  )
}
