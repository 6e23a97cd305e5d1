import { groupBy } from '../../parsers/collections/group-by.ts'
import { conf } from '../../src/engine/conf.ts'
import { defineRule } from '../../src/engine/rule.ts'
import { besideTraefik, isSwitchedOff, traefikOf } from './_traefik.ts'
import { httpLabels } from './_traefik-labels.ts'
import { placeOfName, routersOf, type TraefikRouter, valueOfField } from './_traefik-routers.ts'

const RULE = 'traefik.http.routers.web.rule=Host(`example.org`)'
const SECURE = 'traefik.http.routers.web.entrypoints=websecure'
/** Traefik that a file tells what it is to do. */
const ofFile = (more: string): Record<string, string> => ({
  'docker-compose.yml': besideTraefik([RULE, SECURE.replace('websecure', '«websecure»')])
    ['docker-compose.yml']!.replace(/ {4}command:\n(?: {6}- .*\n)+/, '')
    .replace('.sock:ro"]', '.sock:ro", "./traefik.yml:/etc/traefik/traefik.yml:ro"]'),
  'traefik.yml': conf`
    providers:
      docker: {}
    entryPoints:
      web:
        address: ":80"
      websecure:
        address: ":443"
        ${more}
  `,
})
const ofFileGood = (more: string): Record<string, string> =>
  Object.fromEntries(Object.entries(ofFile(more)).map(([path, text]) => [path, text.replace(/[«»]/g, '')]))

export default defineRule({
  summary: 'A router of Traefik is at the port of https, and nothing gives it TLS',
  severity: 'error',
  otherSeverities: { warning: 'where it answers at another entry point, too' },
  confidence: 'high',
  since: '0.1.0',
  why: 'An entry point is a port and no more. A router with `tls`, or at an entry point with `http.tls`, answers https there, and any other plain HTTP alone. Browsers come to port 443 with TLS: Traefik shows them the certificate that it made for itself, and 404 page not found.',
  remedy:
    'Write `traefik.http.routers.NAME.tls.certresolver=RESOLVER` or `tls=true`, or `--entrypoints.websecure.http.tls=true` for all',
  references: [
    'https://doc.traefik.io/traefik/reference/routing-configuration/http/tls/overview/',
    'https://doc.traefik.io/traefik/reference/install-configuration/entrypoints/',
  ],
  unproven: 'The live tests have neither Docker nor Traefik',
  bad: [
    {
      title: 'at the port of https alone',
      files: besideTraefik([RULE, 'traefik.http.routers.web.entrypoints=«websecure»']),
    },
    {
      title: 'at both',
      files: besideTraefik([RULE, 'traefik.http.routers.web.entrypoints=web,«websecure»']),
    },
    { title: 'a file of Traefik', files: ofFile('') },
    {
      title: 'a port that others redirect to',
      files: besideTraefik([RULE, 'traefik.http.routers.web.entrypoints=«secure»'], {
        options: [
          '--entrypoints.secure.address=:8443',
          '--entrypoints.web.http.redirections.entrypoint.to=secure',
        ],
      }),
    },
  ],
  good: [
    {
      title: 'a resolver',
      files: besideTraefik([RULE, SECURE, 'traefik.http.routers.web.tls.certresolver=le']),
    },
    { title: 'TLS', files: besideTraefik([RULE, SECURE, 'traefik.http.routers.web.tls=true']) },
    {
      title: 'TLS of the entry point',
      files: besideTraefik([RULE, SECURE], {
        options: ['--entrypoints.websecure.http.tls.certresolver=le'],
      }),
    },
    {
      title: 'TLS of the entry point in a file',
      files: ofFileGood(conf`
      http:
        tls: {}
    `),
    },
    { title: 'the port of http', files: besideTraefik([RULE, 'traefik.http.routers.web.entrypoints=web']) },
    {
      title: 'another router for https',
      files: besideTraefik([
        RULE,
        'traefik.http.routers.web.entrypoints=web,websecure',
        'traefik.http.routers.web-tls.rule=Host(`example.org`)',
        'traefik.http.routers.web-tls.entrypoints=websecure',
        'traefik.http.routers.web-tls.tls=true',
      ]),
    },
    { title: 'not for Traefik', files: besideTraefik(['traefik.enable=false', RULE, SECURE]) },
  ],
  *check(deployment) {
    for (const { container } of deployment.machines) {
      if (container === null || !container.service.complete || isSwitchedOff(container.service)) continue
      const routers = routersOf(httpLabels(container.service)).filter(isPlain)
      const traefik = routers.length === 0 ? null : traefikOf(deployment, container)
      if (traefik === null || traefik.withoutTls.length === 0) continue
      // Files that are laid over this one may give it TLS.
      const everywhere = routersOf(
        container.projects.flatMap(({ services }) => [...services.values()].flatMap(httpLabels)),
      )
      const byRule = groupBy(everywhere, router => valueOfField(router, 'rule'))
      for (const router of routers) {
        const { name, fields } = router
        const value = fields.get('entrypoints')?.label.value
        if (value?.known !== true || value.at === null) continue
        const others = [
          ...everywhere.filter(each => each.name.toLowerCase() === name.toLowerCase()),
          ...(byRule.get(valueOfField(router, 'rule')) ?? []),
        ]
        if (others.some(each => !isPlain(each))) continue
        const names = value.value.split(',').map(each => each.trim())
        const secure = names.filter(each => traefik.withoutTls.includes(each.toLowerCase()))
        const [first] = secure
        if (first === undefined) continue
        yield {
          at: placeOfName(value.at, first),
          ...(secure.length < names.length && { severity: 'warning' as const }),
          message: `the router \`${name}\` has no TLS, so Traefik answers https at \`${first}\` with its own certificate and 404 page not found`,
          label: 'plain HTTP',
          related: [{ at: traefik.container.service.at, message: 'gives its routers no TLS' }],
          help: `Write \`traefik.http.routers.${name}.${traefik.resolvers[0] === undefined ? 'tls=true' : `tls.certresolver=${traefik.resolvers[0]}`}\``,
        }
      }
    }
  },
})

const isPlain = ({ fields }: TraefikRouter): boolean =>
  ![...fields.keys()].some(field => /^tls(?:\.|$)/.test(field))
