import { defineRule, type RuleFinding } from '../../src/engine/rule.ts'
import type { Place } from '../../parsers/text/source.ts'
import type { Container } from '../../src/deployment/containers/container.ts'
import { isOneSlipAway } from '../../parsers/text/one-slip-away.ts'
import { besideTraefik, isSwitchedOff, type Traefik, traefikOf } from './_traefik.ts'
import { httpLabels, type TraefikLabel } from './_traefik-labels.ts'
import { placeOfName } from './_traefik-routers.ts'

const RULE = 'traefik.http.routers.web.rule=Host(`example.org`)'

export default defineRule({
  summary: 'A label names an entry point, a certificate resolver or a middleware that Traefik does not have',
  severity: 'error',
  otherSeverities: { warning: 'where another entry point of the router is there' },
  confidence: 'high',
  since: '0.1.0',
  why: 'Entry points and certificate resolvers are named in the command that starts Traefik, by whatever name one likes: `web`, `https`, `le`. A router for an entry point that is not there answers nothing, and clients get 404 page not found; one with a resolver that is not there answers with the certificate that Traefik made for itself, of which browsers warn. A middleware is made by labels, too: a router that names one which no label makes is not there at all.',
  remedy:
    'Write the name as it stands behind `--entrypoints.`, `--certificatesresolvers.` or `traefik.http.middlewares.`',
  references: [
    'https://doc.traefik.io/traefik/reference/install-configuration/entrypoints/',
    'https://doc.traefik.io/traefik/reference/routing-configuration/http/tls/tls-certificates/',
  ],
  unproven: 'The live tests have neither Docker nor Traefik',
  bad: [
    {
      title: 'an entry point of another name',
      files: besideTraefik([RULE, 'traefik.http.routers.web.entrypoints=«https»']),
    },
    {
      title: 'a certificate resolver of another name',
      files: besideTraefik([
        RULE,
        'traefik.http.routers.web.entrypoints=websecure',
        'traefik.http.routers.web.tls.certresolver=«letsencrypt»',
      ]),
    },
    {
      title: 'one of two entry points',
      files: besideTraefik([RULE, 'traefik.http.routers.web.entrypoints=web,«secure»']),
    },
    {
      title: 'a middleware of another name',
      files: besideTraefik([
        RULE,
        'traefik.http.routers.web.middlewares=«strip»',
        'traefik.http.middlewares.web-strip.stripprefix.prefixes=/shop',
      ]),
    },
  ],
  good: [
    {
      title: 'a middleware of a file, and one that another container may make',
      files: besideTraefik([
        RULE,
        'traefik.http.routers.web.middlewares=headers@file,login,web-strip',
        'traefik.http.middlewares.web-strip.stripprefix.prefixes=/shop',
      ]),
    },
    {
      title: 'names that are there, in whatever case',
      files: besideTraefik([
        RULE,
        'traefik.http.routers.web.entryPoints=web,webSecure',
        'traefik.http.routers.web.tls.certResolver=le',
      ]),
    },
    {
      title: 'names of a file that Traefik reads',
      files: besideTraefik([RULE, 'traefik.http.routers.web.entrypoints=https'], {
        options: ['--configfile=/traefik.yml'],
      }),
    },
    {
      title: 'a container that is switched off',
      files: besideTraefik(['traefik.enable=false', RULE, 'traefik.http.routers.web.entrypoints=https']),
    },
    {
      title: 'Traefik of a developer, without certificates, and the entry point of its dashboard',
      files: {
        'docker-compose.yml': besideTraefik([
          RULE,
          'traefik.http.routers.web.entrypoints=web,traefik',
          'traefik.http.routers.web.tls.certresolver=letsencrypt',
        ])['docker-compose.yml']!.replace(/.*certificatesresolvers.*\n/, ''),
      },
    },
    {
      title: 'Traefik in another project',
      files: {
        'docker-compose.yml': besideTraefik([RULE, 'traefik.http.routers.web.entrypoints=https'])[
          'docker-compose.yml'
        ]!.replace('image: traefik:v3.1', 'image: example/other'),
      },
    },
  ],
  *check(deployment) {
    for (const { container } of deployment.machines) {
      if (container === null) continue
      const labels = isSwitchedOff(container.service) ? [] : httpLabels(container.service)
      yield* middlewaresOf(container, labels)
      const traefik = labels.length === 0 ? null : traefikOf(deployment, container)
      if (traefik !== null) for (const label of labels) yield* unknownIn(label, traefik)
    }
  },
})

function* unknownIn({ label: { value }, path }: TraefikLabel, traefik: Traefik): Iterable<RuleFinding> {
  const [, kind = '', router, ...fields] = path.map(part => part.toLowerCase())
  if (kind !== 'routers' || value?.known !== true || value.at === null) return
  const field = fields.join('.')
  if (field === 'entrypoints' && traefik.entryPoints.length > 1) {
    const names = value.value.split(',').map(name => name.trim())
    const missing = names.filter(name => name !== '' && !traefik.entryPoints.includes(name.toLowerCase()))
    for (const name of missing)
      yield {
        at: placeOfName(value.at, name),
        ...(missing.length < names.length && { severity: 'warning' as const }),
        message: `Traefik has no entry point \`${name}\`, so the router \`${router}\` answers nothing there: EntryPoint doesn't exist`,
        label: `there ${areThese(traefik.entryPoints)}`,
        related: [{ at: traefik.container.service.at, message: 'its entry points are named here' }],
      }
  } else if (
    // Where there is none at all, Traefik is the one of a developer, and browsers are told to take any certificate.
    field === 'tls.certresolver' &&
    traefik.resolvers.length > 0 &&
    !traefik.resolvers.includes(value.value.toLowerCase())
  )
    yield {
      at: placeOfName(value.at, value.value),
      message: `Traefik has no certificate resolver \`${value.value}\`, and shows browsers the certificate that it made for itself: Router uses a nonexistent certificate resolver`,
      label: `there ${areThese(traefik.resolvers)}`,
      related: [{ at: traefik.container.service.at, message: 'its resolvers are named here' }],
    }
}

/**
 * A middleware that no label of the repository makes. A container of another project might, so one is looked for that was
 * meant: made by the same container, and named by no router.
 */
function* middlewaresOf(
  { service, projects }: Container,
  labels: readonly TraefikLabel[],
): Iterable<RuleFinding> {
  const named = labels.filter(
    ({ path }) =>
      path.length === 4 && /^routers$/i.test(path[1] ?? '') && /^middlewares$/i.test(path[3] ?? ''),
  )
  if (named.length === 0 || !service.complete) return
  const all = projects.flatMap(({ services }) => [...services.values()].flatMap(each => httpLabels(each)))
  const made = madeBy(all)
  const used = new Set(all.flatMap(({ label }) => (/middlewares$/i.test(label.name) ? namesIn(label) : [])))
  const chained = all.some(({ path }) => /^chain$/i.test(path[3] ?? ''))
  const idle = [...madeBy(labels)].filter(([name]) => !used.has(name))
  const [meant] = idle
  if (meant === undefined || idle.length > 1 || chained) return
  for (const { label, path } of named) {
    const { value } = label
    const missing = namesIn(label).filter(name => !name.includes('@') && !made.has(name))
    if (value?.known !== true || value.at === null || missing.length !== 1 || value.value.includes('$'))
      continue
    const [name = ''] = missing
    if (!isMeant(name, meant[0])) continue
    yield {
      at: placeOfName(value.at, name),
      message: `no label makes a middleware \`${name}\`, so the router \`${path[2]}\` is not there: middleware "${name}@docker" does not exist`,
      label: `it is called \`${meant[0]}\``,
      related: [{ at: meant[1], message: 'no router names this one' }],
    }
  }
}

/** True where one name is the other without a word, or a slip away. */
function isMeant(one: string, other: string): boolean {
  const [first, second] = [one, other].map(each => each.split(/[-_]/))
  const [short, long] = first!.length < second!.length ? [first!, second!] : [second!, first!]
  return isOneSlipAway(one, other) || short.every(word => long.includes(word))
}

/** The middlewares that labels make, in small letters, with a label of each. */
function madeBy(labels: readonly TraefikLabel[]): ReadonlyMap<string, Place> {
  return new Map(
    labels.flatMap(({ label, path }) =>
      /^middlewares$/i.test(path[1] ?? '') ? [[(path[2] ?? '').toLowerCase(), label.at]] : [],
    ),
  )
}

/** Names in a list, in small letters, without the provider of these labels. */
function namesIn({ value }: TraefikLabel['label']): readonly string[] {
  if (value?.known !== true) return []
  return value.value.split(',').map(name =>
    name
      .trim()
      .toLowerCase()
      .replace(/@docker$/, ''),
  )
}

function areThese(names: readonly string[]): string {
  return `${names.length === 1 ? 'is' : 'are'} ${names.map(name => `\`${name}\``).join(', ')}`
}
