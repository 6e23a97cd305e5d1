import { frontLine } from '../../src/deployment/front-lines.ts'
import type { AppServerProgram, Connection } from '../../src/deployment/model.ts'
import { apacheMain, nginxMain } from '../_examples.ts'
import { conf } from '../../src/engine/conf.ts'
import { defineRule, type RuleFinding } from '../../src/engine/rule.ts'
import { type FormOrigins, formOriginsOf } from './_form-origins.ts'
import { hostNotSent } from './_host-not-sent.ts'
import { comparedOrigin } from './_rails.ts'

const HOST = 'proxy_set_header Host $http_host;'
const proxy = (target: string, lines: string, mark = false): string => conf`
  server {
      listen 443 ssl;
      server_name shop.example.org;
      ssl_certificate /etc/ssl/shop.pem;
      ssl_certificate_key /etc/ssl/shop.key;
      ${mark ? '«location»' : 'location'} / {
          proxy_pass http://${target};
          ${lines}
      }
  }
`
const compose = (environment: string, build: string): string => conf`
  services:
    nginx:
      image: nginx:1.28
      ports: ["443:443"]
      volumes: ["./site.conf:/etc/nginx/conf.d/default.conf"]
    app:
      build: ${build}
      ${environment}
`
const svelteKit = (
  environment: string,
  site: string,
  more: Readonly<Record<string, string>> = {},
): Record<string, string> => ({
  'compose.yaml': compose(environment, './app'),
  'site.conf': site,
  'app/Dockerfile': conf`
    FROM node:22
    WORKDIR /app
    COPY . .
    RUN npm ci && npm run build
    CMD ["node", "build"]
  `,
  'app/package.json': '{ "devDependencies": { "@sveltejs/adapter-node": "5.2.0" } }\n',
  'app/svelte.config.js': conf`
    import adapter from '@sveltejs/adapter-node'
    export default { kit: { adapter: adapter() } }
  `,
  'app/src/routes/login/+page.server.js': 'export const actions = { default: async () => {} }\n',
  ...more,
})
const next = (
  site: string,
  configuration = 'export default {}\n',
  action = "'use server'\n",
): Record<string, string> => ({
  'compose.yaml': compose('', './web'),
  'site.conf': site,
  'web/Dockerfile': conf`
    FROM node:22
    WORKDIR /web
    COPY . .
    RUN npm ci && npx next build
    CMD ["npx", "next", "start"]
  `,
  'web/package.json': '{ "dependencies": { "next": "16.0.0" } }\n',
  'web/next.config.mjs': configuration,
  'web/app/actions.js': `${action}export async function save() {}\n`,
})
const origin = (value: string): string => conf`
  environment:
    ORIGIN: ${value}
`

/** Apache of the machine in front of a container that publishes its port. */
const behindApache = (environment: string, lines: string): Record<string, string> => {
  const { 'site.conf': _, ...files } = svelteKit(environment, '')
  return {
    ...files,
    'compose.yaml': conf`
      services:
        app:
          build: ./app
          ports: ["127.0.0.1:3000:3000"]
          ${environment}
    `,
    'etc/apache2/apache2.conf': apacheMain(
      conf`
        Listen 443
        <VirtualHost *:443>
            ServerName shop.example.org
            SSLEngine on
            SSLCertificateFile /etc/ssl/shop.pem
            SSLCertificateKeyFile /etc/ssl/shop.key
            ${lines}
        </VirtualHost>
      `,
      ['ssl', 'socache_shmcb', 'proxy', 'proxy_http'],
    ),
  }
}

const rails = (locations: string, setting = ''): Record<string, string> => ({
  'etc/nginx/nginx.conf': nginxMain(conf`
    server {
        listen 443 ssl;
        server_name shop.example.org;
        ssl_certificate /etc/ssl/shop.pem;
        ssl_certificate_key /etc/ssl/shop.key;
        root /srv/shop/public;
        ${locations}
    }
  `),
  'srv/shop/config/application.rb': conf`
    module Shop
      class Application < Rails::Application
        config.load_defaults 7.1
        ${setting}
      end
    end
  `,
})

export default defineRule({
  summary: 'A framework takes another name for its own than clients use, and refuses their forms',
  severity: 'error',
  confidence: 'high',
  since: '0.1.0',
  why: 'SvelteKit, Next.js and Rails compare the `Origin` that the browser sends with a form with the name that they are asked for, or are told of. Behind a proxy that is the name in `proxy_pass` unless a line sends `Host`: pages come, and every form is refused, with `Cross-site POST form submissions are forbidden` or `Invalid Server Actions request`. Action Cable of Rails refuses the WebSocket: `Request origin not allowed`.',
  remedy:
    'Write `proxy_set_header Host $http_host;`, and as `ORIGIN` of SvelteKit the address in the browser',
  references: [
    'https://svelte.dev/docs/kit/adapter-node',
    'https://nextjs.org/docs/app/api-reference/config/next-config-js/serverActions',
  ],
  unproven: 'The live tests build no application of a framework',
  bad: [
    {
      title: 'SvelteKit behind Apache',
      files: behindApache('', '«ProxyPass» / http://127.0.0.1:3000/'),
    },
    {
      title: 'another origin behind Apache',
      files: behindApache(
        origin('«http://localhost:3000»'),
        conf`
          ProxyPreserveHost On
          ProxyPass / http://127.0.0.1:3000/
        `,
      ),
    },
    { title: 'SvelteKit is not told the name', files: svelteKit('', proxy('app:3000', '', true)) },
    {
      title: 'SvelteKit is told the address on the machine of who wrote it',
      files: svelteKit(origin('«http://localhost:3000»'), proxy('app:3000', HOST)),
    },
    {
      title: 'SvelteKit is told plain HTTP',
      files: svelteKit(origin('«http://shop.example.org»'), proxy('app:3000', HOST)),
    },
    {
      title: 'SvelteKit on the machine',
      files: {
        'etc/nginx/nginx.conf': `events {}\nhttp {\n${proxy('127.0.0.1:3000', '', true)}}\n`,
        'etc/systemd/system/shop.service': conf`
          [Service]
          WorkingDirectory=/srv/shop
          Environment=HOST=127.0.0.1
          ExecStart=/usr/bin/node build
        `,
        ...Object.fromEntries(
          Object.entries(svelteKit('', '')).flatMap(([path, text]) =>
            path.startsWith('app/') ? [[path.replace('app/', 'srv/shop/'), text]] : [],
          ),
        ),
      },
    },
    {
      title: 'Rails is not told the name',
      files: rails('«location» / { proxy_pass http://127.0.0.1:3000; }'),
    },
    {
      title: 'Action Cable is not told the name',
      files: rails(conf`
        location / {
            proxy_set_header Host $http_host;
            proxy_pass http://127.0.0.1:3000;
        }
        «location» /cable {
            proxy_http_version 1.1;
            proxy_set_header Upgrade $http_upgrade;
            proxy_set_header Connection "upgrade";
            proxy_pass http://127.0.0.1:3000;
        }
      `),
    },
    { title: 'Next.js is not told the name', files: next(proxy('app:3000', '', true)) },
  ],
  good: [
    {
      title: 'SvelteKit that Apache asks for the name of clients',
      files: behindApache(
        '',
        conf`
          ProxyPreserveHost On
          ProxyPass / http://127.0.0.1:3000/
        `,
      ),
    },
    {
      title: 'the origin behind Apache',
      files: behindApache(origin('https://shop.example.org'), 'ProxyPass / http://127.0.0.1:3000/'),
    },
    { title: 'SvelteKit gets the name', files: svelteKit('', proxy('app:3000', HOST)) },
    {
      title: 'SvelteKit is told its origin, whatever it is asked for',
      files: svelteKit(origin('https://shop.example.org'), proxy('app:3000', '')),
    },
    {
      title: 'SvelteKit reads another header',
      files: svelteKit(
        conf`
          environment:
            HOST_HEADER: x-forwarded-host
        `,
        proxy('app:3000', 'proxy_set_header X-Forwarded-Host $host;'),
      ),
    },
    {
      title: 'SvelteKit that does not compare',
      files: svelteKit('', proxy('app:3000', ''), {
        'app/svelte.config.js': conf`
          import adapter from '@sveltejs/adapter-node'
          export default { kit: { adapter: adapter(), csrf: { checkOrigin: false } } }
        `,
      }),
    },
    {
      title: 'SvelteKit without forms',
      files: svelteKit('', proxy('app:3000', ''), {
        'app/src/routes/login/+page.server.js': 'export const load = () => ({})\n',
      }),
    },
    {
      title: 'SvelteKit 3, which has its origin from the configuration',
      files: svelteKit(origin('http://localhost:3000'), proxy('app:3000', HOST), {
        'app/package.json': '{ "devDependencies": { "@sveltejs/adapter-node": "^6.0.0" } }\n',
      }),
    },
    {
      title: 'an origin that a variable says',
      files: svelteKit(origin('${ORIGIN}'), proxy('app:3000', HOST)),
    },
    {
      title: 'Rails gets the name',
      files: rails('location / { proxy_set_header Host $http_host; proxy_pass http://127.0.0.1:3000; }'),
    },
    {
      title: 'Rails gets it in the other header',
      files: rails(
        'location / { proxy_set_header X-Forwarded-Host $host; proxy_pass http://127.0.0.1:3000; }',
      ),
    },
    {
      title: 'Action Cable that allows the origin',
      files: rails(
        'location /cable { proxy_pass http://127.0.0.1:3000; }',
        'config.action_cable.allowed_request_origins = ["https://shop.example.org"]',
      ),
    },
    {
      title: 'Action Cable that allows what a variable says',
      files: rails(
        'location /cable { proxy_pass http://127.0.0.1:3000; }',
        'config.action_cable.allowed_request_origins = [ENV["ORIGIN"]]',
      ),
    },
    {
      title: 'Action Cable whose initializer sets it',
      files: {
        ...rails('location /cable { proxy_pass http://127.0.0.1:3000; }'),
        'srv/shop/config/initializers/cable.rb':
          'ActionCable.server.config.allowed_request_origins = [/example/]\n',
      },
    },
    {
      title: 'Rails that does not compare',
      files: rails('location / { proxy_pass http://127.0.0.1:3000; }', 'config.api_only = true'),
    },
    { title: 'Next.js gets the name', files: next(proxy('app:3000', HOST)) },
    {
      title: 'Next.js gets it in the other header',
      files: next(proxy('app:3000', 'proxy_set_header X-Forwarded-Host $host;')),
    },
    {
      title: 'Next.js that trusts the origin',
      files: next(
        proxy('app:3000', ''),
        "export default { experimental: { serverActions: { allowedOrigins: ['shop.example.org'] } } }\n",
      ),
    },
    { title: 'Next.js without actions', files: next(proxy('app:3000', ''), undefined, '') },
  ],
  *check({ connections }) {
    for (const connection of [...connections.http, ...connections.apache]) {
      if ('server' in connection && (connection.reachable === false || connection.headers.open)) continue
      const ofRails = nameNotSentToRails(connection)
      if (ofRails !== null) yield ofRails
      for (const { to } of connection.targets) {
        if (to.kind !== 'listener' || to.listener.program.kind !== 'app-server') continue
        const { program } = to.listener
        const origins = formOriginsOf(program)
        if (origins === null) continue
        const finding =
          origins.told === null ? nameNotSent(connection, program, origins) : otherOrigin(connection, origins)
        if (finding !== null) yield finding
      }
    }
  },
})

function nameNotSentToRails(connection: Connection): RuleFinding | null {
  const { names } = frontLine(connection)
  const [name] = names
  if (name === undefined || !name.includes('.')) return null
  // A `proxy_pass` may have the name of the site itself.
  if ('server' in connection && connection.hostsSent.known && connection.hostsSent.value.includes(name))
    return null
  const compared = comparedOrigin(connection)
  const forwarded = compared === null ? null : frontLine(connection).header('x-forwarded-host')
  if (compared === null || forwarded === null) return null
  if (compared.readsForwarded && !(forwarded.known && forwarded.value.state === 'passed')) return null
  const { said, at } = compared
  return hostNotSent(connection, { name: 'Rails', said: `it ${said}`, at })
}

function nameNotSent(
  connection: Connection,
  { server }: AppServerProgram,
  { framework, said, readsForwarded }: FormOrigins,
): RuleFinding | null {
  const forwarded = frontLine(connection).header('x-forwarded-host')
  // Apache appends the name to what the client sent, which browsers never do.
  if (readsForwarded && !(forwarded.known && forwarded.value.state === 'passed')) return null
  return hostNotSent(connection, { name: framework, said, at: server.at })
}

function otherOrigin(connection: Connection, { told, framework, said }: FormOrigins): RuleFinding | null {
  if (told?.known !== true || told.at === null) return null
  const { names: all, hasNamesAlone, tls, plain, url } = frontLine(connection)
  const [, scheme, host = ''] = /^(https?):\/\/([^/:]+)(?::\d+)?\/?$/i.exec(told.value) ?? []
  const names = all.filter(name => name.includes('.'))
  const [first] = names
  if (scheme === undefined || first === undefined || names.length < all.length || !hasNamesAlone) return null
  const [own] = 'server' in connection ? connection.server.names : []
  const isNamed = names.includes(host.toLowerCase())
  if (isNamed && !(tls && !plain && scheme.toLowerCase() === 'http')) return null
  const origin = `${tls ? 'https' : 'http'}://${first}`
  return {
    at: told.at,
    message: `${framework} takes \`${told.value}\` for its origin, and clients come by \`${origin}\`: ${said}`,
    label: 'not the address in the browser',
    related: [
      ...(own === undefined ? [] : [{ at: own.at, message: 'the name of the server' }]),
      { at: url, message: 'leads here' },
    ],
    help: `Write \`${origin}\``,
  }
}
