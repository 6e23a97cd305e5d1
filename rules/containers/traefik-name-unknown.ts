import { defineRule, type RuleFinding } from '../../src/engine/rule.ts'
import { placeText, type Place } from '../../parsers/text/source.ts'
import { besideTraefik, isSwitchedOff, type Traefik, traefikOf } from './_traefik.ts'
import { httpLabels, type TraefikLabel } from './_traefik-labels.ts'

const RULE = 'traefik.http.routers.web.rule=Host(`example.org`)'

export default defineRule({
  summary: 'A label names an entry point or a certificate resolver that Traefik does not have',
  severity: 'error',
  otherSeverities: { warning: 'where another entry point of the router is there' },
  confidence: 'high',
  since: '0.1.0',
  why: 'Entry points and certificate resolvers are named in the command that starts Traefik, by whatever name one likes: `web`, `https`, `le`. A router for an entry point that is not there answers nothing, and clients get 404 page not found; one with a resolver that is not there answers with the certificate that Traefik made for itself, of which browsers warn.',
  remedy: 'Write the name as it stands behind `--entrypoints.` or `--certificatesresolvers.`',
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
  ],
  good: [
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

function areThese(names: readonly string[]): string {
  return `${names.length === 1 ? 'is' : 'are'} ${names.map(name => `\`${name}\``).join(', ')}`
}

function placeOfName(at: Place, name: string): Place {
  const begin = placeText(at).lastIndexOf(name)
  return begin === -1 ? at : { ...at, start: at.start + begin, end: at.start + begin + name.length }
}
