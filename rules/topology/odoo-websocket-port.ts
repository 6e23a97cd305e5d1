import type { Place, Source } from '../../parsers/text/source.ts'
import type { Container } from '../../src/deployment/containers/container.ts'
import type { Deployment, NginxConnection, Target } from '../../src/deployment/model.ts'
import { argumentPlace } from '../../src/deployment/places.ts'
import { conf } from '../../src/engine/conf.ts'
import { defineRule } from '../../src/engine/rule.ts'
import { sourceAt } from '../../src/files/file-system.ts'
import { readLocation } from '../../src/servers/nginx/queries/locations.ts'
import { nginxMain, nginxServer } from '../_examples.ts'
import { streamingUnreached } from './_mastodon-streaming.ts'

const odoo = (lines: string): string => conf`
  [options]
  proxy_mode = True
  ${lines}
`
const onMachine = (
  settings: string,
  more = '',
  pass = '«http://127.0.0.1:8069»',
): Record<string, string> => ({
  'etc/nginx/nginx.conf': nginxMain(
    nginxServer(conf`
      ${more}
      location / {
          proxy_pass ${pass};
          proxy_set_header Host $host;
      }
    `),
  ),
  'etc/odoo/odoo.conf': odoo(settings),
})
const PLAIN = 'http://127.0.0.1:8069'
const inContainer = (command: string, pass: string): Record<string, string> => ({
  'docker-compose.yml': conf`
    services:
      odoo:
        image: odoo:17
        ${command}
      nginx:
        image: nginx:1.27
        volumes: ["./site.conf:/etc/nginx/conf.d/default.conf"]
  `,
  'site.conf': conf`
    server {
        listen 80;
        server_name erp.example.org;
        location / {
            proxy_pass ${pass};
            proxy_set_header Host $host;
        }
    }
  `,
})

/** Mastodon with its two processes, and nginx beside it. */
const mastodon = (
  pass: string,
  {
    image = 'image: ghcr.io/mastodon/mastodon:v4.2.8\ncommand: node ./streaming',
    front = 'nginx:\n  image: nginx:1.27\n  volumes: ["./site.conf:/etc/nginx/conf.d/default.conf"]',
    location = '',
    variables = '',
  } = {},
): Record<string, string> => ({
  'docker-compose.yml': conf`
    services:
      web:
        image: ghcr.io/mastodon/mastodon:v4.2.8
        command: bundle exec puma -C config/puma.rb
        ports: ["127.0.0.1:3000:3000"]
        ${variables}
      streaming:
        ${image}
        ports: ["127.0.0.1:4000:4000"]
      ${front}
  `,
  'site.conf': conf`
    server {
        listen 80;
        server_name social.example.org;
        ${location}
        location / {
            proxy_pass ${pass};
            proxy_set_header Host $host;
        }
    }
  `,
})

export default defineRule({
  summary: 'A program answers WebSocket at a port of its own, and nginx leads no path to it',
  severity: 'warning',
  confidence: 'high',
  since: '0.1.0',
  why: 'With `workers` above 0 Odoo starts another process, at `gevent_port`, for `/websocket`, or `/longpolling` up to release 15. At the other port it answers with an error, `Couldn’t bind the websocket. Is the connection opened on the evented port (8072)?`: pages load, and chat and notifications stay silent. Mastodon has `/api/v1/streaming` in a container of its own, too: its pages answer 404 there, and timelines stand still.',
  remedy:
    'Write `location /websocket { proxy_pass http://127.0.0.1:8072; … }`, with the headers of WebSocket, and `/longpolling` for a release before 16; for Mastodon `location ^~ /api/v1/streaming` with port 4000',
  references: [
    'https://www.odoo.com/documentation/17.0/administration/on_premise/deploy.html#https',
    'https://github.com/mastodon/mastodon/blob/main/dist/nginx.conf',
  ],
  unproven: 'The live tests install neither Odoo nor Mastodon',
  bad: [
    { title: 'the timelines of Mastodon', files: mastodon('«http://web:3000»') },
    {
      title: 'the timelines of Mastodon, in an image of their own, and a site of the host',
      files: mastodon('«http://127.0.0.1:3000»', {
        image: 'image: ghcr.io/mastodon/mastodon-streaming:v4.3.0',
        front: 'db: { image: "postgres:16" }',
      }),
    },
    { title: 'all to the port of pages', files: onMachine('workers = 4') },
    {
      title: 'a port of its own, of a former name',
      files: onMachine(
        conf`
          workers = 2
          xmlrpc_port = 9069
          longpolling_port = 9072
        `,
        '',
        '«http://127.0.0.1:9069»',
      ),
    },
    {
      title: 'a container that is told workers',
      files: inContainer('command: odoo --workers=4', '«http://odoo:8069»'),
    },
  ],
  good: [
    {
      title: 'the timelines of Mastodon in a location of their own',
      files: mastodon('http://web:3000', {
        location: 'location ^~ /api/v1/streaming {\n    proxy_pass http://streaming:4000;\n}',
      }),
    },
    {
      title: 'the timelines of Mastodon at another address',
      files: mastodon('http://web:3000', {
        variables: 'environment: { STREAMING_API_BASE_URL: "wss://live.example.org" }',
      }),
    },
    {
      title: 'variables of Mastodon that are not here',
      files: mastodon('http://web:3000', { variables: 'env_file: .env.production' }),
    },
    {
      title: 'a location for it',
      files: onMachine(
        'workers = 4',
        conf`
          location /websocket {
              proxy_pass http://127.0.0.1:8072;
              proxy_http_version 1.1;
              proxy_set_header Upgrade $http_upgrade;
              proxy_set_header Connection "upgrade";
              proxy_set_header Host $host;
          }
        `,
        PLAIN,
      ),
    },
    { title: 'no workers', files: onMachine('workers = 0', '', PLAIN) },
    { title: 'nothing said of workers', files: onMachine('http_port = 8069', '', PLAIN) },
    { title: 'another program', files: onMachine('workers = 4', '', 'http://127.0.0.1:8000') },
    { title: 'a container without workers', files: inContainer('command: odoo', 'http://odoo:8069') },
  ],
  *check(deployment) {
    yield* streamingUnreached(deployment)
    if (!mayHaveOne(deployment)) return
    for (const connection of deployment.connections.http) {
      const { block, pass, reachable, server } = connection
      if (reachable === false || block.name !== 'location') continue
      const { modifier, name } = readLocation(block)
      if (name !== '/' || !/^(?:\^~)?$/.test(modifier)) continue
      const siblings = deployment.connections.httpOf(server)
      for (const target of connection.targets) {
        const odoo = odooAt(connection, target)
        if (odoo === null || siblings.some(each => leadsToEvents(each, odoo.events))) continue
        yield {
          at: argumentPlace(pass, 0),
          message: `Odoo with workers answers WebSocket at port ${odoo.events} alone, and this server leads every path to ${odoo.pages}: its chat and notifications stay silent`,
          label: 'with `/websocket`',
          related: [{ at: odoo.at, message: 'starts a process of its own for it' }],
          help: `Write \`location /websocket\`, before release 16 \`location /longpolling\`, with \`proxy_pass\` to port ${odoo.events}`,
        }
      }
    }
  },
})

interface Odoo {
  readonly pages: number
  /** The port of the process for WebSocket. */
  readonly events: number
  readonly at: Place
}

const FILES = [
  '/etc/odoo/odoo.conf',
  '/etc/odoo.conf',
  '/etc/odoo/openerp-server.conf',
  '/etc/odoo-server.conf',
]

const isImage = ({ base, service }: Container): boolean => base === 'odoo' && service.build === null

function mayHaveOne({ machines }: Deployment): boolean {
  return machines.some(({ container, files }) =>
    container === null ? FILES.some(path => files.kind(path) === 'file') : isImage(container),
  )
}

/** The Odoo with workers that answers at a target; null where none is known to. */
function odooAt({ from }: NginxConnection, { machine, local, port, to }: Target): Odoo | null {
  const container = machine?.container ?? null
  if (container !== null && !isImage(container)) return null
  const files =
    container?.files ?? (local === true && from.machine.container === null ? from.machine.files : null)
  if (files === null || (container === null && to.kind === 'listener')) return null
  const [source, ...others] = FILES.flatMap(path => sourceAt(files, path) ?? [])
  const words = container?.service.command?.words.map(({ text }) => text) ?? []
  if (others.length > 0) return null
  const asked = Number(settingIn(source, 'workers')?.value ?? wordIn(words, 'workers') ?? 0)
  const pages = portOf(source, words, ['http_port', 'xmlrpc_port'], 8069)
  const events = portOf(source, words, ['gevent_port', 'longpolling_port'], 8072)
  const at = settingIn(source, 'workers')?.at ?? container?.service.command?.at
  return asked > 0 && pages === port && at !== undefined ? { pages, events, at } : null
}

function portOf(
  source: Source | undefined,
  words: readonly string[],
  names: readonly string[],
  usual: number,
): number {
  const written = names.map(name => wordIn(words, name.replace('_', '-')) ?? settingIn(source, name)?.value)
  return Number(written.find(value => value !== undefined) ?? usual)
}

const wordIn = (words: readonly string[], name: string): string | undefined =>
  words.flatMap((word, index) =>
    word === `--${name}`
      ? [words[index + 1] ?? '']
      : word.startsWith(`--${name}=`)
        ? [word.slice(name.length + 3)]
        : [],
  )[0]

/** A line of its file. */
function settingIn(source: Source | undefined, name: string) {
  const match = new RegExp(`^${name}[ \\t]*=[ \\t]*(\\d+)[ \\t]*$`, 'm').exec(source?.code ?? '')
  return source === undefined || match === null
    ? null
    : {
        value: match[1] ?? '',
        at: { source, start: match.index, end: match.index + match[0].trimEnd().length },
      }
}

/** True for a connection to the process for WebSocket, or for one of its paths, wherever that leads. */
function leadsToEvents({ block, targets }: NginxConnection, events: number): boolean {
  const name = block.name === 'location' ? readLocation(block).name : ''
  return /websocket|longpolling/.test(name) || targets.some(({ port }) => port === events)
}
