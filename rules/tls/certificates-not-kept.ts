import { posix } from 'node:path'
import { readCaddyfile } from '../../parsers/caddy/read-caddyfile.ts'
import { holdsPort } from '../../parsers/compose/holds-port.ts'
import type { Place } from '../../parsers/text/source.ts'
import { placeOf } from '../../parsers/text/written-text.ts'
import type { Container } from '../../src/deployment/containers/container.ts'
import { mayBeHeld } from '../../src/deployment/containers/may-be-held.ts'
import { conf } from '../../src/engine/conf.ts'
import { defineRule } from '../../src/engine/rule.ts'
import { sourceAt } from '../../src/files/file-system.ts'
import { staticOptions } from '../containers/_traefik.ts'

const CADDYFILE = conf`
  example.org, www.example.org {
      reverse_proxy shop:8000
  }
`
const caddy = (
  volumes: readonly string[] = [],
  file = CADDYFILE,
  { lines = '', service = 'caddy:' }: { readonly lines?: string; readonly service?: string } = {},
): Record<string, string> => ({
  'docker-compose.yml': conf`
    services:
      ${service}
        image: caddy:2.8
        ports: ["80:80", "443:443"]
        volumes:
          ${['./Caddyfile:/etc/caddy/Caddyfile:ro', ...volumes].map(each => `- ${each}\n`).join('')}
        ${lines}
      shop:
        image: registry.example.org/shop:2.4
  `,
  Caddyfile: file,
})
const traefik = (storage: string, volumes: readonly string[] = []): Record<string, string> => ({
  'docker-compose.yml': conf`
    services:
      traefik:
        image: traefik:v3.1
        command:
          - --providers.docker=true
          - --certificatesresolvers.le.acme.email=admin@example.org
          - ${storage}
          - --certificatesresolvers.le.acme.tlschallenge=true
        ports: ["80:80", "443:443"]
        volumes:
          ${['/var/run/docker.sock:/var/run/docker.sock:ro', ...volumes].map(each => `- ${each}\n`).join('')}
      shop:
        image: registry.example.org/shop:2.4
        labels:
          - traefik.http.routers.shop.rule=Host(\`example.org\`)
  `,
})

const traefikFile = (name: string, text: string): Record<string, string> => ({
  'docker-compose.yml': conf`
    services:
      traefik:
        image: traefik:v3.1
        ports: ["80:80", "443:443"]
        volumes:
          - ./traefik/${name}:/etc/traefik/${name}:ro
          - acme:/etc/traefik/acme
    volumes:
      acme:
  `,
  [`traefik/${name}`]: text,
})

export default defineRule({
  summary: 'A container orders its certificates anew each time that it is made',
  severity: 'warning',
  confidence: 'high',
  since: '0.1.0',
  why: 'Caddy keeps certificates and keys in `/data`, Traefik in the file that `acme.storage` names. Where no volume holds it, each new container (`docker compose down` and `up`, a new image) begins without any, and orders all of them again. After the fifth time in a week Let’s Encrypt refuses the names: `too many certificates (5) already issued`, and the sites are without a certificate for days.',
  remedy: 'Give the container a volume there: `caddy_data:/data`, or `letsencrypt:/letsencrypt` of Traefik',
  references: [
    'https://hub.docker.com/_/caddy',
    'https://doc.traefik.io/traefik/https/acme/#storage',
    'https://letsencrypt.org/docs/rate-limits/',
  ],
  unproven: 'The live tests start no containers, and order no certificates',
  bad: [
    {
      title: 'Traefik with a file of YAML, whose relative path is from `/` on',
      files: traefikFile(
        'traefik.yml',
        conf`
          certificatesResolvers:
            le:
              acme:
                email: hostmaster@example.org
                storage: «acme.json»
                httpChallenge:
                  entryPoint: web
        `,
      ),
    },
    {
      title: 'Traefik with a file of TOML',
      files: traefikFile(
        'traefik.toml',
        conf`
          [entryPoints.websecure]
            address = ":443"

          [certificatesResolvers.le.acme]
            email = "hostmaster@example.org"
            «storage = "/acme.json"»
            [certificatesResolvers.le.acme.tlsChallenge]
        `,
      ),
    },
    { title: 'Caddy without a volume', files: caddy([], CADDYFILE, { service: '«caddy»:' }) },
    {
      title: 'Caddy with a volume for its configuration alone',
      files: caddy(['caddy_config:/config'], CADDYFILE, { service: '«caddy»:' }),
    },
    {
      title: 'Traefik with its file in the container',
      files: traefik('«--certificatesresolvers.le.acme.storage=/letsencrypt/acme.json»'),
    },
    {
      title: 'Traefik with a volume elsewhere',
      files: traefik('«--certificatesResolvers.le.acme.storage=acme.json»', ['letsencrypt:/letsencrypt']),
    },
  ],
  good: [
    {
      title: 'Traefik with a file, and the volume that it names',
      files: traefikFile(
        'traefik.yml',
        'certificatesResolvers: { le: { acme: { storage: /etc/traefik/acme/acme.json, tlsChallenge: {} } } }\n',
      ),
    },
    {
      title: 'Traefik with a file, and the authority for tests',
      files: traefikFile(
        'traefik.yml',
        conf`
          certificatesResolvers:
            le:
              acme:
                caServer: https://acme-staging-v02.api.letsencrypt.org/directory
                storage: acme.json
                tlsChallenge: {}
        `,
      ),
    },
    { title: 'Caddy with its volume', files: caddy(['caddy_data:/data']) },
    { title: 'Caddy with a directory of the host', files: caddy(['./data/caddy:/data/caddy']) },
    {
      title: 'Caddy with its directory elsewhere',
      files: caddy(['state:/state'], CADDYFILE, { lines: 'environment: ["XDG_DATA_HOME=/state"]' }),
    },
    {
      title: 'Caddy without TLS',
      files: caddy([], 'http://example.org {\n    reverse_proxy shop:8000\n}\n'),
    },
    { title: 'Caddy on every name', files: caddy([], ':80 {\n    reverse_proxy shop:8000\n}\n') },
    { title: 'names of this machine', files: caddy([], 'localhost {\n    reverse_proxy shop:8000\n}\n') },
    {
      title: 'certificates of its own authority',
      files: caddy([], 'example.org {\n    tls internal\n    reverse_proxy shop:8000\n}\n'),
    },
    {
      title: 'certificates that others order',
      files: caddy(
        ['./certs:/certs:ro'],
        'example.org {\n    tls /certs/a.pem /certs/a.key\n    reverse_proxy shop:8000\n}\n',
      ),
    },
    { title: 'certificates in a store', files: caddy([], `{\n    storage redis\n}\n${CADDYFILE}`) },
    {
      title: 'a part in another compose file',
      files: {
        ...caddy(),
        'docker-compose.prod.yml': conf`
          services:
            caddy:
              volumes: ["caddy_data:/data"]
        `,
      },
    },
    {
      title: 'Traefik with a volume',
      files: traefik('--certificatesresolvers.le.acme.storage=/letsencrypt/acme.json', [
        './letsencrypt:/letsencrypt',
      ]),
    },
    {
      title: 'Traefik with its file',
      files: traefik('--certificatesresolvers.le.acme.storage=acme.json', ['./acme.json:/acme.json']),
    },
    {
      title: 'Traefik that tries with the authority for tests',
      files: traefik(conf`
        --certificatesresolvers.le.acme.storage=/letsencrypt/acme.json
        - --certificatesresolvers.le.acme.caserver=https://acme-staging-v02.api.letsencrypt.org/directory
      `),
    },
  ],
  *check(deployment) {
    for (const container of deployment.containers()) {
      const found = isWhole(container) ? (keptByCaddy(container) ?? keptByTraefik(container)) : null
      if (found === null || mayBeHeld(container, found.path)) continue
      const { at, path, name } = found
      yield {
        at,
        message: `${name} keeps its certificates in \`${path}\`, which no volume holds: each new container orders all of them anew`,
        label: 'no volume for certificates',
        help: `Mount a volume at \`${name === 'Caddy' ? path : posix.dirname(path)}\``,
      }
    }
  },
})

interface Kept {
  readonly at: Place
  readonly path: string
  readonly name: 'Caddy' | 'Traefik'
}

function isWhole({ service, isAlone }: Container): boolean {
  return (
    !isAlone &&
    service.complete &&
    service.volumesFrom.length === 0 &&
    service.ports.some(({ target }) => target.known && holdsPort(target.value, 443))
  )
}

/** What Caddy is told that may give it certificates of another kind, or another place for them. */
const OTHERWISE =
  /^[ \t]*(?:storage|auto_https|local_certs|skip_install_trust|acme_ca|tls|import)\b|^[ \t]*on_demand/m
/** Names that no authority signs. */
const OF_NOBODY =
  /^(?:https:\/\/)?(?:localhost|[\w-]+|[\d.:[\]]+|[\w.-]+\.(?:local|localhost|test|lan|internal|home|home\.arpa|ts\.net))(?::\d+)?(?:\/|$)/

function keptByCaddy({ base, service, image, files }: Container): Kept | null {
  if (base !== 'caddy' || service.command !== null || service.entrypoint !== null) return null
  const variables = [...service.environment, ...(image?.environment ?? [])]
  if (service.envFiles.length > 0 || variables.some(({ name }) => name.startsWith('XDG_'))) return null
  const source = sourceAt(files, '/etc/caddy/Caddyfile')
  if (source === null || OTHERWISE.test(withoutSnippets(source.code))) return null
  const isSigned = readCaddyfile(source).sites.some(({ addresses }) =>
    addresses.some(({ tls, text }) => tls === true && !text.includes('{') && !OF_NOBODY.test(text)),
  )
  return isSigned ? { at: service.at, path: '/data', name: 'Caddy' } : null
}

/** A snippet of the same file may be imported: what stands in it is read beside. */
function withoutSnippets(code: string): string {
  const names = [...code.matchAll(/^\(([\w.-]+)\)/gm)].map(([, name]) => name)
  return code.replaceAll(/^([ \t]*)import[ \t]+([\w.-]+)/gm, (whole, blanks: string, name: string) =>
    names.includes(name) ? blanks : whole,
  )
}

const OF_OTHER_AUTHORITY =
  /^--certificatesresolvers\.[\w-]+\.acme\.caserver=(?!https:\/\/acme-v02\.api\.letsencrypt\.org\b)/i

function keptByTraefik(container: Container): Kept | null {
  if (container.base !== 'traefik') return null
  const { command, workingDirectory } = container.service
  const words = command?.words.map(word => ({ text: word.text, at: placeOf(word) })) ?? []
  const options = staticOptions(container) ?? words
  // Of another authority, and of the one for tests, nobody knows such a limit.
  if (workingDirectory !== null || options.some(({ text }) => OF_OTHER_AUTHORITY.test(text))) return null
  for (const { text, at } of options) {
    const [, path] = /^--certificatesresolvers\.[\w-]+\.acme\.storage=([\w./-]+)$/i.exec(text) ?? []
    if (path !== undefined) return { at, path: posix.resolve('/', path), name: 'Traefik' }
  }
  return null
}
