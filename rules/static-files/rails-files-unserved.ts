import { posix } from 'node:path'
import { type Place, placeText, type Source } from '../../parsers/text/source.ts'
import { frontLine } from '../../src/deployment/front-lines.ts'
import type { AppServerProgram, Deployment, NginxConnection } from '../../src/deployment/model.ts'
import { requestsToServer } from '../../src/deployment/requests/made-up-requests.ts'
import { probe } from '../../src/deployment/requests/probe.ts'
import { programsOfKind } from '../../src/deployment/programs-of-kind.ts'
import { serverBehind } from '../../src/deployment/server-behind.ts'
import { conf } from '../../src/engine/conf.ts'
import { defineRule, type RuleFinding } from '../../src/engine/rule.ts'
import { type FileSystem, sourceAt } from '../../src/files/file-system.ts'

const PROXY = conf`
  location / {
      proxy_pass http://rails:3000;
      proxy_set_header Host $host;
  }
`
interface Parts {
  readonly setting?: string
  readonly environment?: string
  readonly nginx?: string
  readonly more?: string
  readonly mount?: string
  readonly gems?: string
}
const shop = ({
  setting = 'config.public_file_server.enabled = «ENV["RAILS_SERVE_STATIC_FILES"].present?»',
  environment = '',
  nginx = PROXY,
  more = '',
  mount = '',
  gems = '',
}: Parts): Record<string, string> => ({
  'docker-compose.yml': conf`
    services:
      nginx:
        image: nginx:1.27
        ports: ["80:80"]
        volumes:
          - ./config/nginx.conf:/etc/nginx/conf.d/default.conf:ro
          ${mount}
      rails:
        build: .
        environment:
          RAILS_ENV: production
          ${environment}
  `,
  Dockerfile: conf`
    FROM ruby:3.2
    WORKDIR /rails
    COPY . .
    RUN bundle exec rails assets:precompile
    CMD ["bundle", "exec", "puma", "-b", "tcp://0.0.0.0:3000"]
  `,
  Gemfile: conf`
    source "https://rubygems.org"
    gem "rails", "~> 7.0.8"
    gem "puma"
    ${gems}
  `,
  'config/environments/production.rb': conf`
    Rails.application.configure do
      ${setting}
      config.assets.compile = false
      ${more}
    end
  `,
  'config/nginx.conf': conf`
    server {
        listen 80;
        server_name shop.example.org;
        ${nginx}
    }
  `,
})

const behindTraefik = (volumes = ''): Record<string, string> => ({
  ...shop({}),
  'docker-compose.yml': conf`
    services:
      traefik:
        image: traefik:v3.1
        ports: ["80:80"]
      rails:
        build: .
        environment:
          RAILS_ENV: production
        labels:
          traefik.http.routers.shop.rule: Host(\`shop.example.org\`)
        ${volumes}
  `,
})

export default defineRule({
  summary: 'Neither Rails nor the server in front of it serves the files of `public/`',
  severity: 'error',
  confidence: 'high',
  since: '0.1.0',
  why: 'In production Rails serves the files of `public/` only where `config.public_file_server.enabled` is true: until Rails 7.1 new applications make that of the variable `RAILS_SERVE_STATIC_FILES`, because a web server is meant to serve them. Where that one passes everything on, every style sheet and script below `/assets` is answered with 404, and pages come without them.',
  remedy: 'Set `RAILS_SERVE_STATIC_FILES`, or have the web server serve `public/`',
  references: [
    'https://guides.rubyonrails.org/configuring.html#config-public-file-server-enabled',
    'https://guides.rubyonrails.org/asset_pipeline.html',
  ],
  unproven: 'Rails is no package that the live tests install',
  bad: [
    { title: 'a variable that nothing sets', files: shop({}) },
    {
      title: 'turned off',
      files: shop({ setting: 'config.public_file_server.enabled = «false»' }),
    },
    {
      title: 'the same of a former release',
      files: shop({ setting: "config.serve_static_files = «ENV['RAILS_SERVE_STATIC_FILES'].present?»" }),
    },
    {
      title: 'a root that has no path for them',
      files: shop({
        nginx: conf`
          location /.well-known/acme-challenge/ {
              root /var/www/certbot;
          }
          ${PROXY}
        `,
      }),
    },
    { title: 'Traefik in front, which serves no files', files: behindTraefik() },
  ],
  good: [
    {
      title: 'Traefik in front, and a volume of public files for another server',
      files: behindTraefik('volumes: ["public:/rails/public"]'),
    },
    { title: 'the variable', files: shop({ environment: 'RAILS_SERVE_STATIC_FILES: "1"' }) },
    {
      title: 'nginx serves them',
      files: shop({
        nginx: conf`
          location /assets/ {
              root /srv/public;
          }
          ${PROXY}
        `,
        mount: '- ./public:/srv/public:ro',
      }),
    },
    { title: 'turned on', files: shop({ setting: 'config.public_file_server.enabled = true' }) },
    {
      title: 'a choice of its own',
      files: shop({ setting: 'config.public_file_server.enabled = ENV.fetch("STATIC", "1") == "1"' }),
    },
    {
      title: 'assets of another host',
      files: shop({ more: 'config.asset_host = "https://cdn.example.org"' }),
    },
    { title: 'a gem of Heroku, which turns it on', files: shop({ gems: 'gem "rails_12factor"' }) },
    {
      title: 'development',
      files: Object.fromEntries(
        Object.entries(shop({})).map(([path, text]) => [
          path,
          text.replace('RAILS_ENV: production', 'RAILS_ENV: development'),
        ]),
      ),
    },
    {
      title: 'variables of a file that is not here',
      files: Object.fromEntries(
        Object.entries(shop({})).map(([path, text]) => [
          path,
          text.replace('    environment:', '    env_file: .env\n    environment:'),
        ]),
      ),
    },
  ],
  *check(deployment) {
    yield* behindProxy(deployment)
    for (const connection of deployment.connections.nginx)
      for (const target of connection.targets) {
        const program = serverBehind(target)
        const setting = program === null ? null : unservedBy(program)
        if (program === null || setting === null || !isAsked(deployment, connection, program)) continue
        yield {
          at: setting.at,
          message: `${setting.said}, so Rails serves no file of \`public/\`, and nginx passes \`/assets/\` on to it: 404 for every style sheet and script`,
          label: 'serves no files',
          related: [{ at: frontLine(connection).at, message: 'nginx serves none of them, either' }],
          help: 'Set `RAILS_SERVE_STATIC_FILES: "1"`, or give nginx the files of `public/`',
        }
      }
  },
})

/** Applications to which Traefik passes everything on. */
function* behindProxy(deployment: Deployment): Iterable<RuleFinding> {
  for (const program of programsOfKind(deployment, 'app-server')) {
    const { container } = program.machine
    const label = container?.service.labels.find(({ name }) => /^traefik\.http\.routers\./.test(name))
    if (container === null || label === undefined) continue
    const setting = unservedBy(program)
    const isShared = container.service.volumes.some(({ at }) => /public|assets/.test(placeText(at)))
    if (setting === null || isShared) continue
    yield {
      at: setting.at,
      message: `${setting.said}, so Rails serves no file of \`public/\`, and Traefik passes everything on to it: 404 for every style sheet and script`,
      label: 'serves no files',
      related: [{ at: label.at, message: 'Traefik has no files of its own' }],
      help: 'Set `RAILS_SERVE_STATIC_FILES: "1"`',
    }
  }
}

interface Unserved {
  readonly at: Place
  readonly said: string
}

const SETTING =
  /^[ \t]*config\.(?:public_file_server\.enabled|serve_static_(?:files|assets))[ \t]*=[ \t]*(\S[^\n#]*?)[ \t]*(?:#.*)?$/gm
const BY_VARIABLE = /^ENV\[["'](\w+)["']\]\.present\?$|^ENV\.key\?\(?["'](\w+)["']\)?$/
/** What serves the files by itself, or has them lie elsewhere. */
const ELSEWHERE = /\basset_host\b|\bapi_only\s*=\s*true|ActionDispatch::Static|Rack::(?:Static|Files?)\b/
const SERVING_GEMS =
  /^[ \t]*gem\s*\(?["'](?:rails_12factor|rails_serve_static_assets|thruster|whitenoise)["']/m
const SERVERS: ReadonlySet<string> = new Set(['puma', 'unicorn', 'rails'])

/** The line of production by which Rails serves no files; null where it may serve them, or something else runs. */
function unservedBy({ server, machine, directory, environment }: AppServerProgram): Unserved | null {
  const mode = environment('RAILS_ENV')
  if (!SERVERS.has(server.program) || directory?.known !== true) return null
  if (mode?.known !== true || mode.value !== 'production') return null
  const { files } = machine
  const read = (name: string): Source | null => sourceAt(files, posix.join(directory.value, name))
  const production = read('config/environments/production.rb')
  if (production === null || isServedElsewhere(files, directory.value, production)) return null
  const { text } = production
  const [match, ...others] = text.matchAll(SETTING)
  if (match === undefined || others.length > 0) return null
  const [line, value = ''] = match
  const start = match.index + line.lastIndexOf(value)
  const at = { source: production, start, end: start + value.length }
  if (value === 'false') return { at, said: 'this is false' }
  const [, ...names] = BY_VARIABLE.exec(value) ?? []
  const name = names.find(each => each !== undefined)
  return name !== undefined && environment(name) === null ? { at, said: `nothing sets \`${name}\`` } : null
}

function isServedElsewhere(files: FileSystem, home: string, production: Source): boolean {
  const application = sourceAt(files, posix.join(home, 'config/application.rb'))
  const gems = sourceAt(files, posix.join(home, 'Gemfile'))
  const code = [production, application].map(each => each?.text.replace(/^[ \t]*#.*$/gm, '') ?? '')
  return ELSEWHERE.test(code.join('\n')) || SERVING_GEMS.test(gems?.text ?? '')
}

/** A name as the asset pipeline makes it. */
const ASSET = '/assets/application-5d2b7c1e.css'

/** True where the server in front passes on what is asked for below `/assets`. */
function isAsked(deployment: Deployment, { server }: NginxConnection, program: AppServerProgram): boolean {
  const [request] = requestsToServer(deployment, server, ASSET)
  if (request === undefined) return false
  const { end } = probe(deployment, request)
  return end.kind === 'backend' && serverBehind(end.target) === program
}
