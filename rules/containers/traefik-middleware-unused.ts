import { groupBy } from '../../parsers/collections/group-by.ts'
import { defineRule } from '../../src/engine/rule.ts'
import { sourceAt } from '../../src/files/file-system.ts'
import type { Container } from '../../src/deployment/containers/container.ts'
import { besideTraefik, everyTraefik, isSwitchedOff } from './_traefik.ts'
import { httpLabels, type TraefikLabel } from './_traefik-labels.ts'
import { namePlaceOf, routersOf, type TraefikRouter, valueOfField } from './_traefik-routers.ts'

const RULE = 'traefik.http.routers.web.rule=Host(`example.org`) && PathPrefix(`/docs`)'
const STRIP = 'traefik.http.middlewares.docs-strip.stripprefix.prefixes=/docs'
const AUTH = 'traefik.http.middlewares.login.basicauth.users=ana:$$apr1$$x$$y'

export default defineRule({
  summary: 'Labels make a middleware of Traefik, and no router names it',
  severity: 'warning',
  confidence: 'high',
  since: '0.1.0',
  why: 'A middleware does nothing by itself: a router has to name it. Without `traefik.http.routers.NAME.middlewares` the prefix stays in the path, and the container answers 404; a password is asked of nobody, and a list of addresses lets everybody in.',
  remedy: 'Write `traefik.http.routers.NAME.middlewares=MIDDLEWARE`',
  references: ['https://doc.traefik.io/traefik/reference/routing-configuration/http/middlewares/overview/'],
  unproven: 'The live tests have neither Docker nor Traefik',
  bad: [
    {
      title: 'a prefix that is to be taken away',
      files: besideTraefik([RULE, '«traefik.http.middlewares.docs-strip.stripprefix.prefixes»=/docs']),
    },
    {
      title: 'a password',
      files: besideTraefik([
        'traefik.http.routers.web.rule=Host(`example.org`)',
        `«traefik.http.middlewares.login.basicauth.users»${AUTH.slice(AUTH.indexOf('='))}`,
      ]),
    },
    {
      title: 'a list of addresses beside another middleware',
      files: besideTraefik([
        RULE,
        STRIP,
        'traefik.http.routers.web.middlewares=docs-strip',
        '«traefik.http.middlewares.office.ipallowlist.sourcerange»=192.0.2.0/24',
      ]),
    },
  ],
  good: [
    {
      title: 'named by the router',
      files: besideTraefik([RULE, STRIP, 'traefik.http.routers.web.middlewares=docs-strip@docker']),
    },
    {
      title: 'named by a chain',
      files: besideTraefik([
        RULE,
        STRIP,
        AUTH,
        'traefik.http.middlewares.all.chain.middlewares=docs-strip,login',
        'traefik.http.routers.web.middlewares=all',
      ]),
    },
    {
      title: 'named by an entry point',
      files: besideTraefik(['traefik.http.routers.web.rule=Host(`example.org`)', AUTH], {
        options: ['--entrypoints.websecure.http.middlewares=login@docker'],
      }),
    },
    {
      title: 'named by another provider',
      files: besideTraefik([RULE, STRIP], { options: ['--providers.file.filename=/dynamic.yml'] }),
    },
    {
      title: 'one that other containers may name',
      files: {
        'docker-compose.yml': besideTraefik(['traefik.http.routers.web.rule=Host(`example.org`)', AUTH])[
          'docker-compose.yml'
        ]!.replace('image: traefik:v3.1', 'image: example/other'),
      },
    },
    {
      title: 'a comment shows that it is switched off',
      files: besideTraefik([
        RULE,
        STRIP,
        'traefik.http.services.web.loadbalancer.server.port=80 # routers.web.middlewares=docs-strip',
      ]),
    },
    { title: 'not for Traefik', files: besideTraefik(['traefik.enable=false', RULE, STRIP]) },
  ],
  *check({ machines }) {
    for (const { container } of machines) {
      if (container === null || !container.service.complete || isSwitchedOff(container.service)) continue
      const labels = httpLabels(container.service)
      const routers = routersOf(labels)
      const made = groupBy(
        labels.filter(({ path }) => /^middlewares$/i.test(path[1] ?? '') && path.length > 3),
        ({ path }) => (path[2] ?? '').toLowerCase(),
      )
      if (routers.length === 0 || made.size === 0) continue
      const named = namesIn(container)
      for (const [name, [label]] of made) {
        const [router] = routers
        const lost = label === undefined ? null : lostWithout(label, routers)
        if (label === undefined || router === undefined || lost === null || named === null) continue
        if (named.has(name) || isCommented(label, name)) continue
        const first = router.fields.get('rule') ?? [...router.fields.values()][0]
        yield {
          at: namePlaceOf(label),
          message: `no router names the middleware \`${label.path[2]}\`, so ${lost}`,
          label: 'does nothing',
          related: first === undefined ? [] : [{ at: first.label.at, message: 'the router' }],
          help: `Write \`traefik.http.routers.${router.name}.middlewares=${label.path[2]}\``,
        }
      }
    }
  },
})

/** What does not happen without a middleware; null for those that one may do without. */
function lostWithout({ label, path }: TraefikLabel, routers: readonly TraefikRouter[]): string | null {
  const kind = (path[3] ?? '').toLowerCase()
  if (/^(?:basicauth|digestauth)$/.test(kind)) return 'nobody is asked for a password'
  if (/^ip(?:allow|white)list$/.test(kind)) return 'every address is let in'
  if (kind !== 'stripprefix' || label.value?.known !== true) return null
  const prefix = label.value.value.split(',')[0]?.trim() ?? ''
  const isTaken =
    prefix.length > 1 &&
    routers.some(router => valueOfField(router, 'rule')?.includes(`PathPrefix(\`${prefix}`) === true)
  return isTaken ? `\`${prefix}\` stays in the path that the container gets` : null
}

/** Middlewares that something names; null where another provider, or another Traefik, may name them. */
function namesIn(container: Container): ReadonlySet<string> | null {
  const all = everyTraefik(container)
  const [traefik] = all
  if (traefik === undefined || all.length > 1 || !traefik.service.complete) return null
  const { service, mounts, files, projects } = traefik
  const texts = [
    ...(service.command?.words ?? []).map(({ text }) => text),
    ...mounts.map(({ target }) => sourceAt(files, target)?.text ?? ''),
  ]
  // What stands in directories that it reads is not looked at.
  if (
    texts.some(text => /providers\.(?!docker\b)\w|^\s+(?:file|swarm|http|consul\w*|redis|etcd):/im.test(text))
  )
    return null
  const labels = projects.flatMap(each => [...each.services.values()].flatMap(httpLabels))
  const written = [
    ...labels.flatMap(({ label }) =>
      /middlewares$/i.test(label.name) ? [label.value?.known === true ? label.value.value : '$'] : [],
    ),
    ...texts.filter(text => /middlewares/i.test(text)),
  ]
  // A variable may stand for any of them.
  return written.some(text => text.includes('$'))
    ? null
    : new Set(written.flatMap(text => text.toLowerCase().match(/[\w-]+(?=@docker|[\s,"']|$)/g) ?? []))
}

/** True where somebody took the line of a router away for a time. */
function isCommented({ label: { at } }: TraefikLabel, name: string): boolean {
  return new RegExp(`#.*middlewares.*\\b${name}\\b`, 'i').test(at.source.text)
}
