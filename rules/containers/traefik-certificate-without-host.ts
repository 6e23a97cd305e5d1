import { defineRule } from '../../src/engine/rule.ts'
import { httpLabels } from './_traefik-labels.ts'
import { routersOf, type TraefikRouter, valueOfField } from './_traefik-routers.ts'
import { besideTraefik, isSwitchedOff, traefikOf } from './_traefik.ts'

const RESOLVER = 'traefik.http.routers.web.tls.certresolver=le'

export default defineRule({
  summary: 'A router asks for a certificate, and its rule names no host to ask one for',
  severity: 'warning',
  confidence: 'high',
  since: '0.1.0',
  why: 'Traefik takes the names of a certificate from `tls.domains`, or else from each `Host` in the rule of the router. `HostRegexp` and `PathPrefix` name none: Traefik asks for no certificate, says so nowhere, and shows browsers the one that it made for itself, of which they warn.',
  remedy:
    'Name the hosts: `Host(`shop.example.org`)`, or `tls.domains[0].main=shop.example.org` beside the resolver',
  references: [
    'https://doc.traefik.io/traefik/reference/install-configuration/tls/certificate-resolvers/acme/#domain-definition',
  ],
  unproven: 'The live tests have neither Docker nor Traefik',
  bad: [
    {
      title: 'a pattern of hosts',
      files: besideTraefik(['traefik.http.routers.web.rule=«HostRegexp(`{any:.+}`)»', RESOLVER]),
    },
    {
      title: 'a path alone',
      files: besideTraefik(['traefik.http.routers.web.rule=«PathPrefix(`/shop`)»', RESOLVER]),
    },
  ],
  good: [
    {
      title: 'a host',
      files: besideTraefik([
        'traefik.http.routers.web.rule=Host(`example.org`) && PathPrefix(`/shop`)',
        RESOLVER,
      ]),
    },
    {
      title: 'a host of another router, whose certificate serves this one too',
      files: besideTraefik([
        'traefik.http.routers.web.rule=Host(`example.org`)',
        RESOLVER,
        'traefik.http.routers.api.rule=PathPrefix(`/api`)',
        'traefik.http.routers.api.tls.certresolver=le',
      ]),
    },
    {
      title: 'names beside the resolver',
      files: besideTraefik([
        'traefik.http.routers.web.rule=HostRegexp(`{name:[a-z]+}.example.org`)',
        RESOLVER,
        'traefik.http.routers.web.tls.domains[0].main=*.example.org',
      ]),
    },
    {
      title: 'names at the entry point',
      files: besideTraefik(['traefik.http.routers.web.rule=PathPrefix(`/shop`)', RESOLVER], {
        options: ['--entrypoints.websecure.http.tls.domains[0].main=example.org'],
      }),
    },
    {
      title: 'a certificate for all names that have none',
      files: besideTraefik([
        'traefik.http.routers.web.rule=PathPrefix(`/shop`)',
        RESOLVER,
        'traefik.tls.stores.default.defaultgeneratedcert.resolver=le',
        'traefik.tls.stores.default.defaultgeneratedcert.domain.main=example.org',
      ]),
    },
    {
      title: 'files of Traefik, which may bring certificates',
      files: besideTraefik(['traefik.http.routers.web.rule=PathPrefix(`/shop`)', RESOLVER], {
        options: ['--providers.file.directory=/etc/traefik/conf.d'],
      }),
    },
    {
      title: 'a rule that somebody fills in, and one without TLS',
      files: besideTraefik([
        'traefik.http.routers.web.rule=${RULE}',
        RESOLVER,
        'traefik.http.routers.plain.rule=PathPrefix(`/`)',
      ]),
    },
    {
      title: 'Traefik in another project',
      files: {
        'docker-compose.yml': besideTraefik(['traefik.http.routers.web.rule=PathPrefix(`/`)', RESOLVER])[
          'docker-compose.yml'
        ]!.replace('image: traefik:v3.1', 'image: example/other'),
      },
    },
  ],
  *check(deployment) {
    for (const { container } of deployment.machines) {
      if (container === null || isSwitchedOff(container.service)) continue
      const routers = routersOf(httpLabels(container.service))
      const nameless = routers.filter(namesNoHost)
      if (nameless.length === 0) continue
      const traefik = traefikOf(deployment, container)
      if (traefik === null || traefik.options.some(text => ELSEWHERE.test(text))) continue
      const services = container.projects.flatMap(each => [...each.services.values()])
      if (services.some(({ labels }) => labels.some(({ name }) => OF_STORE.test(name)))) continue
      // A certificate that another router asked for is shown by this one, too.
      const all = services.flatMap(service => routersOf(httpLabels(service)))
      if (all.some(router => router.fields.has(RESOLVED) && !namesNoHost(router))) continue
      for (const { name, fields } of nameless) {
        const at = fields.get('rule')?.label.value?.at
        if (at == null) continue
        yield {
          at,
          message: `Traefik asks for no certificate for the router \`${name}\`, whose rule names no host, and shows browsers the one that it made for itself`,
          label: 'no `Host(…)` in it',
          related: [
            { at: fields.get(RESOLVED)!.label.at, message: 'the certificates are to come from here' },
          ],
        }
      }
    }
  },
})

/** True for a router that asks for a certificate and has a rule that is known, without a name in it. */
function namesNoHost(router: TraefikRouter): boolean {
  const rule = valueOfField(router, 'rule')
  return (
    router.fields.has(RESOLVED) &&
    ![...router.fields.keys()].some(name => name.startsWith('tls.domains')) &&
    rule !== null &&
    !/\$|\{\{|\bHost(?:SNI|Header)?\(/.test(rule)
  )
}

const RESOLVED = 'tls.certresolver'
/** Names at the entry point, and other providers, which may bring certificates, or routers that ask for one. */
const ELSEWHERE = /\.domains\b|^--providers\.(?!docker\b|providersthrottle)/i
/** A certificate for all that have none of their own: `defaultgeneratedcert`. */
const OF_STORE = /^traefik\.tls\.stores\./i
