import { phpCode } from '../../parsers/php/script.ts'
import { posix } from 'node:path'
import { memoByKey } from '../../parsers/collections/memo.ts'
import { matchedPlace, type Place, type Source } from '../../parsers/text/source.ts'
import type { Container } from '../../src/deployment/containers/container.ts'
import type { ComposeVariable } from '../../parsers/compose/compose.ts'
import { serviceVariables } from '../../src/deployment/containers/service-variables.ts'
import { frontLine } from '../../src/deployment/front-lines.ts'
import type { ApacheHost, AppServerProgram, Deployment, NginxConnection } from '../../src/deployment/model.ts'
import { conf } from '../../src/engine/conf.ts'
import { defineRule } from '../../src/engine/rule.ts'
import { argumentPlace } from '../../src/deployment/places.ts'
import { type FileSystem, sourceAt } from '../../src/files/file-system.ts'
import { parseHost } from '../../src/servers/address.ts'
import { directivesByHost } from '../../src/servers/apache/queries/virtual-hosts.ts'
import { childrenNamed } from '../../src/servers/nginx/queries/scope.ts'
import { compilePcre, toBytes } from '../../src/servers/regex.ts'
import { apacheMain, nginxMain } from '../_examples.ts'
import { documentRoot } from '../php/_script-directory.ts'
import { serviceUnit } from '../app-server/_examples.ts'
import { type HostList, starletteList } from './_host-list.ts'

const fpm = (names: string, files: Record<string, string>): Record<string, string> => ({
  'etc/nginx/nginx.conf': nginxMain(conf`
    server {
        listen 80;
        server_name ${names};
        root /srv/www;
        location / {
            fastcgi_param SCRIPT_FILENAME $document_root/index.php;
            fastcgi_param REQUEST_METHOD $request_method;
            fastcgi_pass unix:/run/php/php8.2-fpm.sock;
        }
    }
  `),
  ...files,
})
const nextcloud = (domains: string, more = ''): Record<string, string> => ({
  'srv/www/config/config.php': conf`
    <?php
    $CONFIG = array (
      'instanceid' => 'oc1',
      ${domains}
      'datadirectory' => '/srv/data',
      ${more}
    );
  `,
})
/** The image, with its `config.php` beside the compose file, and what proxies to it. */
const image = (domains: string, front = APACHE, environment = ''): Record<string, string> => ({
  ...front,
  'srv/cloud/docker-compose.yml': conf`
    services:
      app:
        image: nextcloud:28-apache
        ports: ["127.0.0.1:8081:80"]
        ${environment}
        volumes:
          - html:/var/www/html
          - ./config:/var/www/html/config
    volumes:
      html:
  `,
  'srv/cloud/config/config.php': nextcloud(domains)['srv/www/config/config.php'] ?? '',
})
const proxied = (lines: string): Record<string, string> => ({
  'etc/apache2/apache2.conf': apacheMain(
    conf`
      Listen 80
      <VirtualHost *:80>
          ServerName cloud.example.org
          ${lines}
          ProxyPass / http://127.0.0.1:8081/
          ProxyPassReverse / http://127.0.0.1:8081/
      </VirtualHost>
    `,
    ['proxy', 'proxy_http', 'headers'],
  ),
})
const APACHE = proxied('ProxyPreserveHost On')
const NGINX = {
  'etc/nginx/nginx.conf': nginxMain(conf`
    server {
        listen 80;
        server_name cloud.example.org;
        location / {
            proxy_pass http://127.0.0.1:8081;
            proxy_set_header Host $host;
        }
    }
  `),
}
/** The image without a file of its own. */
const installed = (names: string): Record<string, string> => {
  const { 'srv/cloud/docker-compose.yml': compose = '', ...front } = image(
    OLD,
    NGINX,
    `environment:\n      NEXTCLOUD_TRUSTED_DOMAINS: ${names}`,
  )
  delete front['srv/cloud/config/config.php']
  return { ...front, 'srv/cloud/docker-compose.yml': compose.replace(/.*config:.*config\n/, '') }
}
const OLD = "'trusted_domains' => array (0 => '192.168.178.20:8081'),"
const drupal = (lines: string): Record<string, string> => ({
  'srv/www/sites/default/settings.php': conf`
    <?php
    $settings['hash_salt'] = 'x';
    ${lines}
  `,
})
const apache = (files: Record<string, string>): Record<string, string> => ({
  'etc/apache2/apache2.conf': apacheMain(
    conf`
      Listen 80
      <VirtualHost *:80>
          ServerName cloud.example.org
          DocumentRoot /srv/www
      </VirtualHost>
    `,
    ['dir'],
  ),
  ...files,
})
const rails = (lines: string, host = '$host'): Record<string, string> => ({
  'docker-compose.yml': conf`
    services:
      nginx:
        image: nginx:1.27
        volumes: ["./site.conf:/etc/nginx/conf.d/default.conf"]
      web:
        image: ruby:3.3
        working_dir: /app
        command: bundle exec puma -b tcp://0.0.0.0:3000
        environment:
          RAILS_ENV: production
        volumes: [".:/app"]
  `,
  'site.conf': conf`
    server {
        listen 80;
        server_name shop.example.org;
        location / {
            proxy_pass http://web:3000;
            proxy_set_header Host ${host};
        }
    }
  `,
  'config/environments/production.rb': conf`
    Rails.application.configure do
      config.eager_load = true
      ${lines}
    end
  `,
})
/** Rails in development, where `host` is a name of nginx. */
const railsDevelopment = (lines: string, host = 'shop.lan', gems = '~> 7.1.3'): Record<string, string> => {
  const { 'config/environments/production.rb': written = '', ...files } = rails(lines)
  return {
    ...files,
    'docker-compose.yml': (files['docker-compose.yml'] ?? '')
      .replace('production', 'development')
      .replace('puma -b tcp://0.0.0.0:3000', 'rails server -b 0.0.0.0'),
    'site.conf': (files['site.conf'] ?? '').replace('shop.example.org', host),
    'config/environments/development.rb': written,
    Gemfile: `source "https://rubygems.org"\ngem "rails", "${gems}"\n`,
  }
}
const inDevelopment = (files: Record<string, string>): Record<string, string> => ({
  ...files,
  'config/environments/development.rb': (files['config/environments/development.rb'] ?? '').replace(
    'Rails.application.configure',
    '«Rails.application.configure»',
  ),
})
/** The image of Drupal behind nginx. */
const drupalImage = (patterns: string): Record<string, string> => ({
  ...NGINX,
  'srv/cloud/docker-compose.yml': conf`
    services:
      drupal:
        image: drupal:10-apache
        ports: ["127.0.0.1:8081:80"]
        volumes: ["./sites:/var/www/html/sites"]
  `,
  'srv/cloud/sites/default/settings.php': drupal(patterns)['srv/www/sites/default/settings.php'] ?? '',
})
const starlette = (hosts: string, header = 'proxy_set_header Host $host;'): Record<string, string> => ({
  'etc/nginx/nginx.conf': nginxMain(conf`
    server {
        listen 80;
        server_name api.example.org;
        location / {
            proxy_pass http://127.0.0.1:8000;
            ${header}
        }
    }
  `),
  'etc/systemd/system/api.service': serviceUnit('/usr/bin/uvicorn --port 8000 api:app'),
  'etc/shop/api.py': conf`
    from fastapi import FastAPI
    from fastapi.middleware.trustedhost import TrustedHostMiddleware

    app = FastAPI()
    ${hosts}
  `,
})
const trusted = (hosts: string): string => `app.add_middleware(TrustedHostMiddleware, ${hosts})`
const vite = (lines: string, version = '^6.0.0'): Record<string, string> => ({
  'docker-compose.yml': conf`
    services:
      nginx:
        image: nginx:1.27
        volumes: ["./site.conf:/etc/nginx/conf.d/default.conf"]
      front:
        image: node:22
        working_dir: /app
        command: npx vite --host
        volumes: ["./front:/app"]
  `,
  'site.conf': conf`
    server {
        listen 80;
        server_name dev.example.org;
        location / {
            proxy_pass http://front:5173;
            proxy_set_header Host $host;
        }
    }
  `,
  'front/package.json': `{ "devDependencies": { "vite": "${version}" } }\n`,
  'front/vite.config.ts': conf`
    export default {
      ${lines}
    }
  `,
})

export default defineRule({
  summary: 'The application refuses the name under which clients reach it',
  severity: 'error',
  otherSeverities: {
    warning: 'where it takes other names of the same site, or is told its names at the installation alone',
  },
  confidence: 'high',
  since: '0.1.0',
  why: 'Nextcloud, Drupal, Rails, Vite and the `TrustedHostMiddleware` of Starlette and FastAPI answer the names alone that their own configuration lists: `Access through untrusted domain`, `The provided host name is not valid for this server`, `Blocked hosts`, `Blocked request. This host is not allowed`, `Invalid host header`. The web server in front serves the name all the same.',
  remedy:
    'Add the name: to `trusted_domains`, `trusted_host_patterns`, `config.hosts`, `server.allowedHosts` or `allowed_hosts`',
  references: [
    'https://docs.nextcloud.com/server/latest/admin_manual/installation/installation_wizard.html#trusted-domains',
    'https://www.drupal.org/docs/getting-started/installing-drupal/trusted-host-settings',
    'https://guides.rubyonrails.org/configuring.html#actiondispatch-hostauthorization',
    'https://vite.dev/config/server-options.html#server-allowedhosts',
  ],
  unproven: 'The live tests install none of these applications',
  bad: [
    {
      title: 'Nextcloud',
      files: fpm(
        'cloud.example.org',
        nextcloud("«'trusted_domains'» => array (0 => 'localhost', 1 => '192.168.1.20'),"),
      ),
    },
    {
      title: 'Nextcloud in Apache',
      files: apache(nextcloud("«'trusted_domains'» => ['localhost'],")),
    },
    {
      title: 'the image of Nextcloud behind Apache',
      files: image("«'trusted_domains'» => array (0 => '192.168.178.20:8081'),"),
    },
    {
      title: 'what the image of Nextcloud is installed with',
      files: installed('«localhost 192.168.1.20»'),
    },
    {
      title: 'the image of Nextcloud behind nginx',
      files: image("«'trusted_domains'» => ['localhost', 'nas.example.org'],", NGINX),
    },
    {
      title: 'Drupal',
      files: fpm(
        'www.example.org',
        drupal(conf`
          $settings[«'trusted_host_patterns'»] = [
            '^example\.org$',
          ];
        `),
      ),
    },
    {
      title: 'Rails',
      files: rails('«config.hosts» = ["www.example.org", "example.org"]'),
    },
    {
      title: 'Rails, which is sent the name of the upstream',
      files: rails('«config.hosts» << "shop.example.org"', '$proxy_host'),
    },
    {
      title: 'Rails behind a socket, beside the files that nginx serves',
      files: {
        'etc/nginx/nginx.conf': nginxMain(conf`
          server {
              listen 80;
              server_name shop.example.org;
              root /srv/shop/current/public;
              location / {
                  proxy_set_header Host $host;
                  proxy_pass http://unix:/srv/shop/current/tmp/sockets/puma.sock;
              }
          }
        `),
        'srv/shop/current/config/environments/production.rb': conf`
          Rails.application.configure do
            «config.hosts» = ["www.example.org"]
          end
        `,
      },
    },
    { title: 'Vite', files: vite('«server»: { port: 5173 },') },
    {
      title: 'FastAPI with a URL for a name',
      files: starlette(trusted('«allowed_hosts»=["https://api.example.org"]')),
    },
    {
      title: 'FastAPI with other names',
      files: starlette(conf`
        HOSTS = ["example.org", "localhost"]
        ${trusted('«allowed_hosts»=HOSTS')}
      `),
    },
    {
      title: 'FastAPI that is sent the address of the backend',
      files: starlette(trusted('«allowed_hosts»=["api.example.org"]'), ''),
    },
    {
      title: 'Rails in development, which takes names of the machine alone',
      files: inDevelopment(railsDevelopment('config.server_timing = true')),
    },
    {
      title: 'Rails in development, with another name',
      files: railsDevelopment('«config.hosts» << "store.lan"'),
    },
    {
      title: 'Drupal of its image',
      files: drupalImage(
        "$settings[«'trusted_host_patterns'»] = ['^cloud\\.example\\.com$', '^localhost$'];",
      ),
    },
  ],
  good: [
    { title: 'Rails in development, with the name', files: railsDevelopment('config.hosts << "shop.lan"') },
    { title: 'Rails in development, for any name', files: railsDevelopment('config.hosts.clear') },
    { title: 'a name that Rails takes in development', files: railsDevelopment('', 'shop.localhost') },
    { title: 'Rails 5 in development', files: railsDevelopment('', 'shop.lan', '~> 5.2') },
    {
      title: 'a file of Rails that knows of hosts',
      files: {
        ...railsDevelopment(''),
        'config/initializers/hosts.rb': 'Rails.application.config.hosts << "shop.lan"\n',
      },
    },
    {
      title: 'Drupal of its image, with the name',
      files: drupalImage("$settings['trusted_host_patterns'] = ['^cloud\\.example\\.org$'];"),
    },
    {
      title: 'FastAPI that has the name',
      files: starlette(trusted('allowed_hosts=["api.example.org", "localhost"]')),
    },
    {
      title: 'FastAPI with a pattern',
      files: starlette(trusted('allowed_hosts=["*.example.org"]')),
    },
    {
      title: 'names that somebody else adds to',
      files: starlette(conf`
        HOSTS = ["localhost"]
        HOSTS += settings.hosts
        ${trusted('allowed_hosts=HOSTS')}
      `),
    },
    {
      title: 'Nextcloud that has the name',
      files: fpm(
        'cloud.example.org',
        nextcloud("'trusted_domains' => array (0 => 'localhost', 1 => 'cloud.example.org'),"),
      ),
    },
    {
      title: 'the image of Nextcloud that has the name',
      files: image("'trusted_domains' => array (0 => '192.168.178.20:8081', 1 => 'cloud.example.org'),"),
    },
    {
      title: 'the image that is told its name by a variable',
      files: image(OLD, APACHE, 'environment: { OVERWRITEHOST: cloud.example.org }'),
    },
    {
      title: 'variables of a file that is not here',
      files: image(OLD, APACHE, 'env_file: cloud.env'),
    },
    {
      title: 'Apache that sends the name of the backend',
      files: image(OLD, proxied('')),
    },
    {
      title: 'Apache that sends another name',
      files: image(OLD, proxied('ProxyPreserveHost On\nRequestHeader set Host 192.168.178.20:8081')),
    },
    {
      title: 'a script that adds the name',
      files: {
        ...image(OLD),
        'srv/cloud/start.sh': conf`
          docker compose up -d
          docker compose exec -u www-data app php occ config:system:set trusted_domains 1 --value=cloud.example.org
        `,
      },
    },
    {
      title: 'a pattern of Nextcloud',
      files: fpm('cloud.example.org', nextcloud("'trusted_domains' => ['*.example.org'],")),
    },
    {
      title: 'Nextcloud that is told its name by `overwritehost`',
      files: fpm(
        'cloud.example.org',
        nextcloud("'trusted_domains' => ['localhost'],", "'overwritehost' => 'cloud.example.org',"),
      ),
    },
    {
      title: 'names that the environment brings',
      files: fpm('cloud.example.org', nextcloud("'trusted_domains' => explode(' ', getenv('DOMAINS')),")),
    },
    {
      title: 'Drupal with every name of the site',
      files: fpm(
        'www.example.org example.org',
        drupal("$settings['trusted_host_patterns'] = ['^(www\\.)?example\\.org$'];"),
      ),
    },
    { title: 'Drupal that asks no name', files: fpm('www.example.org', drupal('')) },
    { title: 'Rails with the whole domain', files: rails('config.hosts << ".example.org"') },
    { title: 'Rails with a pattern', files: rails('config.hosts << /.*\\.example\\.net/') },
    { title: 'Rails that clears the list', files: rails('config.hosts.clear') },
    { title: 'Rails of production, which has no list', files: rails('') },
    {
      title: 'Vite that is told the name',
      files: vite("server: { allowedHosts: ['dev.example.org'] },"),
    },
    { title: 'Vite of a release that asks no name', files: vite('', '^4.5.0') },
    { title: 'Vite of the last one that asks none', files: vite('server: { port: 5173 },', '6.0.8') },
    {
      title: 'Vite whose page connects to the name again',
      files: vite("server: { hmr: { host: 'dev.example.org', clientPort: 443 } },"),
    },
    { title: 'Vite with its origin', files: vite("server: { origin: 'https://dev.example.org' },") },
    { title: 'Vite with TLS of its own, which asks no name', files: vite('server: { https: {} },') },
    { title: 'Vite whose host a variable has', files: vite('server: { hmr: { host: process.env.NAME } },') },
  ],
  *check(deployment) {
    const seen = new Set<Source>()
    for (const { connection, leads, names, list } of everyAsked(deployment)) {
      const asked = names.filter(name => isPlain(name) || isBackend(name, connection, list))
      const refused = asked.filter(name => !list.takes(name))
      const [first] = refused
      if (first === undefined || seen.has(list.at.source)) continue
      seen.add(list.at.source)
      const named = connection?.server.names.find(({ name }) => name === first)
      yield {
        at: list.at,
        severity:
          refused.length < asked.length || list.atInstallation === true
            ? ('warning' as const)
            : ('error' as const),
        message: `${list.by} is asked for \`${first}\`, which this does not have: ${list.said}${list.atInstallation === true ? ', unless somebody adds it after the installation' : ''}`,
        label: `without \`${first}\``,
        related: [
          ...(named === undefined ? [] : [{ at: named.at, message: 'a name of this server' }]),
          ...(leads === null ? [] : [{ at: leads, message: 'leads here' }]),
        ],
        help: `Add \`${first}\` ${list.to}`,
      }
    }
  },
})

interface Asked {
  /** Null where Apache asks, or nobody stands in front. */
  readonly connection: NginxConnection | null
  /** Where the address of the application is written; null where it is asked without a proxy. */
  readonly leads: Place | null
  /** What the `Host` of requests may be. */
  readonly names: readonly string[]
  readonly list: HostList
}

function* everyAsked(deployment: Deployment): Iterable<Asked> {
  for (const each of asked(deployment))
    yield { ...each, leads: each.connection === null ? null : argumentPlace(each.connection.pass, 0) }
  yield* askedOfImages(deployment)
}

/** The images of Nextcloud and Drupal, behind a proxy that sends it the name for which clients ask. */
function* askedOfImages(deployment: Deployment): Iterable<Asked> {
  const { machines, connections } = deployment
  if (!machines.some(({ container }) => container !== null && OF_IMAGES.test(container.base ?? ''))) return
  for (const connection of [...connections.http, ...connections.apache]) {
    const isNginx = 'server' in connection
    if (isNginx && (connection.reachable === false || connection.headers.open)) continue
    const front = frontLine(connection)
    // What it reads in its place, of a proxy that it trusts.
    const isForwarded = front.written.some(
      ({ name, value }) => name === 'x-forwarded-host' && !/^\$(?:http_)?host$/.test(value ?? ''),
    )
    if (front.host !== 'client' || isForwarded) continue
    for (const { machine } of connection.targets) {
      const container = machine?.container ?? null
      const list = container === null ? null : listOfImage(deployment, container)
      if (list !== null)
        yield { connection: isNginx ? connection : null, leads: front.url, names: front.names, list }
    }
  }
}

const OF_IMAGES = /^(?:nextcloud|drupal)$/
const isNextcloud = ({ base }: Container): boolean => base === 'nextcloud'

/** Where the image of Drupal has its files, a link and what it leads to. */
const OF_DRUPAL = ['/var/www/html', '/opt/drupal/web']

/**
 * What the `config.php` says that is mounted into the image. `NEXTCLOUD_TRUSTED_DOMAINS` is read at the installation
 * alone, `OVERWRITEHOST` at each request.
 * @see https://github.com/nextcloud/docker#auto-configuration-via-environment-variables
 */
function listOfImage({ setups }: Deployment, container: Container): HostList | null {
  const { service, files, hostFiles, mounts } = container
  if (container.base === 'drupal')
    return OF_DRUPAL.map(root => drupalList(files, root)).find(list => list !== null) ?? null
  if (!isNextcloud(container) || service.entrypoint !== null || service.command !== null) return null
  const { variables, complete } = serviceVariables(service, hostFiles)
  if (!complete || variables.some(({ name }) => name === 'OVERWRITEHOST')) return null
  if (mounts.some(({ target }) => target.startsWith('/docker-entrypoint-hooks.d'))) return null
  // Some command may add names each time: `occ config:system:set trusted_domains`.
  if (setups()?.some(({ text }) => /trusted_domains/.test(text)) !== false) return null
  return nextcloudList(files, '/var/www/html', OF_IMAGE) ?? listOfVariable(variables)
}

/** What the image is installed with, where nobody adds to it afterwards. */
function listOfVariable(variables: readonly ComposeVariable[]): HostList | null {
  const value = variables.find(({ name }) => name === 'NEXTCLOUD_TRUSTED_DOMAINS')?.value
  if (value?.known !== true || value.at === null || /[\0\uFFFD\uE000$]/.test(value.value)) return null
  const names = value.value.split(/[\s,]+/).filter(name => name !== '')
  return names.length === 0 ? null : { ...nextcloudTakes(names), at: value.at, atInstallation: true }
}

/** What the image itself brings, which reads variables. */
const OF_IMAGE =
  /^(?:reverse-proxy|apache-pretty-urls|apcu|apps|autoconfig|redis|s3|smtp|swift|upgrade-disable-web)\.config\.php$/

function* asked(deployment: Deployment): Iterable<Omit<Asked, 'leads'>> {
  for (const connection of deployment.connections.nginx) {
    const { pass, server, headers, targets, from } = connection
    if (connection.reachable === false) continue
    if (pass.name === 'fastcgi_pass') {
      const root = documentRoot(connection)
      if (root === null) continue
      const [target] = targets
      const container = target?.to.kind === 'listener' ? target.to.listener.program.machine.container : null
      const list =
        listOfPhp(from.machine.files, root) ?? (container === null ? null : listOfPhp(container.files, root))
      const names = server.names.filter(({ exact }) => exact).map(({ name }) => name)
      if (list !== null) yield { connection, names, list }
      continue
    }
    if (headers.open || !connection.hostsSent.known) continue
    // What the application reads in its place, or besides.
    if (headers.written.some(({ name }) => name === 'x-forwarded-host')) continue
    for (const { to } of targets) {
      if (to.kind !== 'listener' || to.listener.program.kind !== 'app-server') continue
      const list = listOfServer(deployment, to.listener.program)
      if (list !== null) yield { connection, names: connection.hostsSent.value, list }
    }
    const list = targets.some(({ to }) => to.kind === 'listener') ? null : listBehind(connection)
    if (list !== null) yield { connection, names: connection.hostsSent.value, list }
  }
  for (const host of deployment.apacheHosts) yield* askedOfApache(deployment, host)
}

function* askedOfApache(deployment: Deployment, host: ApacheHost): Iterable<Omit<Asked, 'leads'>> {
  const { configuration, directive } = host
  const root = directivesByHost(configuration, 'documentroot').get(directive)?.at(-1)?.args[0]?.value
  if (root === undefined || !root.startsWith('/')) return
  const { machine } = deployment.programOf(configuration)
  const list = listOfPhp(machine.container?.files ?? machine.files, root.replace(/(.)\/$/, '$1'))
  if (list === null) return
  const fronts = deployment.connections.reaching(host).filter(({ certain }) => certain)
  const [front] = fronts
  if (front === undefined) {
    yield { connection: null, names: host.names, list }
    return
  }
  const { connection } = front
  if (connection.headers.open || !connection.hostsSent.known) return
  if (connection.headers.written.some(({ name }) => name === 'x-forwarded-host')) return
  yield { connection, names: connection.hostsSent.value, list }
}

/** Addresses and names of the machine itself are how monitoring and tests ask. */
function isPlain(name: string): boolean {
  return (
    /^[a-z0-9-]+(?:\.[a-z0-9-]+)*(?::\d+)?$/i.test(name) &&
    parseHost(name.replace(/:\d+$/, '')).kind === 'name' &&
    !/(?:^|\.)local(?:host|domain)?$|\.(?:test|invalid)$/.test(name)
  )
}

/** The address of the backend, which nginx sends where no line sets `Host`. */
function isBackend(name: string, connection: NginxConnection | null, { ofAddresses }: HostList): boolean {
  return (
    ofAddresses === true &&
    connection !== null &&
    connection.hostsSent.known &&
    connection.hostsSent.value.length === 1 &&
    connection.targets.some(({ written }) => written.replace(/:\d+$/, '') === name)
  )
}

const listOfPhp = memoByKey(
  (files: FileSystem, root: string): HostList | null => nextcloudList(files, root) ?? drupalList(files, root),
)

/** Literals alone: what is computed, nobody here knows. */
const TEXTS = /^(?:\s*(?:\d+\s*=>\s*)?(['"])(?:(?!\1)[^\\$]|\\.)*\1\s*,?)*\s*$/

function nextcloudList(files: FileSystem, root: string, known: RegExp | null = null): HostList | null {
  const source = sourceAt(files, `${root}/config/config.php`)
  if (source === null || !/\$CONFIG\b/.test(source.code)) return null
  const code = phpCode(source)
  const match = /(['"]trusted_domains['"])\s*=>\s*(?:array\s*\(|\[)([^()[\]]*)[)\]]/.exec(code)
  if (match === null || !TEXTS.test(match[2] ?? '') || /['"]overwritehost['"]/.test(code)) return null
  const others = (files.list(`${root}/config`) ?? []).filter(
    ({ name }) => /\.config\.php$/.test(name) && known?.test(name) !== true,
  )
  if (
    others.some(({ name }) => /trusted_domains|overwritehost/.test(textAt(files, `${root}/config/${name}`)))
  )
    return null
  return {
    ...nextcloudTakes(textsIn(match[2] ?? '')),
    at: { source, start: match.index, end: match.index + (match[1] ?? '').length },
  }
}

function nextcloudTakes(names: readonly string[]): Omit<HostList, 'at'> {
  const patterns = names.map(
    text => new RegExp(`^${text.split('*').map(escaped).join('[-.a-zA-Z0-9]*')}$`, 'i'),
  )
  return {
    by: 'Nextcloud',
    said: 'Access through untrusted domain',
    to: 'to `trusted_domains`',
    takes: name => patterns.some(each => each.test(name) || each.test(name.replace(/:\d+$/, ''))),
  }
}

function drupalList(files: FileSystem, root: string): HostList | null {
  const source = sourceAt(files, `${root}/sites/default/settings.php`)
  if (source === null) return null
  const code = phpCode(source)
  const matches = [
    ...code.matchAll(
      /\$settings\[(['"]trusted_host_patterns['"])\](\[\])?\s*=\s*(?:array\s*\(|\[)?((?:\s*(?:\d+\s*=>\s*)?(?:'(?:[^'\\]|\\.)*'|"(?:[^"\\]|\\.)*")\s*,?)*)\s*[)\]]?\s*;/g,
    ),
  ]
  const [first] = matches
  if (first === undefined || matches.length !== (code.match(/trusted_host_patterns/g) ?? []).length)
    return null
  if (/trusted_host_patterns/.test(textAt(files, `${root}/sites/default/settings.local.php`))) return null
  const written = matches.flatMap(match => textsIn(match[3] ?? ''))
  const patterns = written.map(text => compilePcre(text, { caseless: true }))
  if (written.length === 0 || patterns.includes(null)) return null
  const start = first.index + first[0].indexOf(first[1] ?? '')
  return {
    by: 'Drupal',
    at: { source, start, end: start + (first[1] ?? '').length },
    said: 'The provided host name is not valid for this server',
    to: 'to `trusted_host_patterns`, as a pattern',
    takes: name => patterns.some(each => each?.match(toBytes(name.replace(/:\d+$/, ''))) !== null),
  }
}

function textAt(files: FileSystem, path: string): string {
  const source = sourceAt(files, path)
  return source === null ? '' : phpCode(source)
}

function textsIn(list: string): readonly string[] {
  return [...list.matchAll(/(['"])((?:(?!\1)[^\\]|\\.)*)\1/g)].map(([, , text = '']) =>
    // In single quotes a backslash stands for itself but before a quote or another one.
    text.replace(/\\(['"\\])/g, '$1'),
  )
}

function escaped(text: string): string {
  return text.replace(/[.+?^${}()|[\]\\]/g, '\\$&')
}

function listOfServer(deployment: Deployment, program: AppServerProgram): HostList | null {
  const source = deployment.moduleOf(program)?.source ?? null
  if (source !== null && source !== 'missing') return starletteList(source)
  const directory = program.directory?.known === true ? program.directory.value : null
  if (directory === null) return null
  const files = program.machine.container?.files ?? program.machine.files
  if (program.server.program === 'vite') return viteList(files, directory)
  if (program.server.program !== 'puma' && program.server.program !== 'rails') return null
  const environment = program.environment('RAILS_ENV') ?? program.environment('RACK_ENV')
  if (environment?.known === true && environment.value !== 'development')
    return railsList(files, directory, environment.value)
  const more = program.environment('RAILS_DEVELOPMENT_HOSTS')
  return environment?.known === false || more !== null ? null : railsInDevelopment(files, directory)
}

/** Rails that nothing is seen to start, beside the `public` that nginx serves itself. */
function listBehind({ server, from }: NginxConnection): HostList | null {
  const [root] = childrenNamed(server.directive, 'root')
  const path = root?.args[0]?.value ?? ''
  return /^\/[^$]*\/public\/?$/.test(path)
    ? railsList(from.machine.files, posix.dirname(path), 'production')
    : null
}

/**
 * Rails in development: since version 6 it takes addresses and the names of the machine itself, besides what
 * `config.hosts` has.
 *
 * @see https://guides.rubyonrails.org/configuring.html#actiondispatch-hostauthorization
 */
function railsInDevelopment(files: FileSystem, directory: string): HostList | null {
  const source = sourceAt(files, posix.join(directory, 'config/environments/development.rb'))
  const gems = sourceAt(files, posix.join(directory, 'Gemfile'))
  if (
    source === null ||
    !/^\s*gem ['"]rails['"],\s*['"](?:~>|>=|=)?\s*(?:[6-9]|\d\d)\./m.test(gems?.code ?? '')
  )
    return null
  const others = ['application.rb', 'environment.rb', 'boot.rb'].map(name => `config/${name}`)
  const initializers = (files.list(posix.join(directory, 'config/initializers')) ?? []).map(
    ({ name }) => `config/initializers/${name}`,
  )
  const isElsewhere = [...others, ...initializers].some(path =>
    /\bhosts\b|HostAuthorization/.test(sourceAt(files, posix.join(directory, path))?.code ?? ''),
  )
  if (isElsewhere) return null
  if (
    /\bhosts\b|host_authorization|HostAuthorization|\beval\b|\bload\b/.test(
      source.code.replace(/(^|\s)#[^\n]*/g, ''),
    )
  )
    return railsList(files, directory, 'development')
  const match = /Rails\.application\.configure/.exec(source.code)
  if (match === null) return null
  return {
    by: 'Rails',
    at: matchedPlace(source, match),
    said: 'Blocked hosts',
    to: 'to `config.hosts`',
    takes: name => /(?:^|\.)(?:localhost|test)(?::\d+)?$/i.test(name),
  }
}

/** A list of Ruby without quotes and commas. */
const WORDS = /^%[wW](?:\[([^\]]*)\]|\(([^)]*)\))/

function railsList(files: FileSystem, directory: string, environment: string): HostList | null {
  const source = sourceAt(files, posix.join(directory, `config/environments/${environment}.rb`))
  if (source === null) return null
  const code = source.code.replace(/(^|\s)#[^\n]*/g, comment => ' '.repeat(comment.length))
  if (/config\.hosts(?:\.clear|\s*=\s*nil)|host_authorization/.test(code)) return null
  const lines = [
    ...code.matchAll(/config\.hosts\b[ \t]*(?:<<|=|\+=|\.(?:concat|push)\()[ \t]*(\[[^\]]*\]|[^\n]*)/g),
  ]
  const [first] = lines
  const names: string[] = []
  for (const [, written = ''] of lines) {
    const value = written.replace(
      WORDS,
      (_, words = '', others = '') => `[${`${words}${others}`.replace(/\S+/g, '"$&",')}]`,
    )
    if (!/^\[?(?:\s*"[\w.-]+"\s*,?|\s*'[\w.-]+'\s*,?)*\s*\]?\s*\)?\s*$/.test(value)) return null
    names.push(...[...value.matchAll(/["']([\w.-]+)["']/g)].map(([, name = '']) => name.toLowerCase()))
  }
  if (first === undefined || lines.length !== (code.match(/config\.hosts\b/g) ?? []).length) return null
  return {
    by: 'Rails',
    at: { source, start: first.index, end: first.index + 'config.hosts'.length },
    said: 'Blocked hosts',
    to: 'to `config.hosts`',
    takes: given => {
      const name = given.replace(/:\d+$/, '').toLowerCase()
      return names.some(each =>
        each.startsWith('.') ? name === each.slice(1) || name.endsWith(each) : name === each,
      )
    },
  }
}

const CONFIGURATIONS = ['js', 'ts', 'mjs', 'mts', 'cjs', 'cts'].map(ending => `vite.config.${ending}`)

function viteList(files: FileSystem, directory: string): HostList | null {
  const manifest = sourceAt(files, posix.join(directory, 'package.json'))
  const release = /"vite"\s*:\s*"(?!6\.0\.[0-8]")[\^~]?(\d+)\.(\d+)/.exec(manifest?.text ?? '')
  // Since 6.0.9; what an older release does, its lock file would tell.
  if (release === null || Number(release[1]) < 6) return null
  const source = CONFIGURATIONS.flatMap(name => sourceAt(files, posix.join(directory, name)) ?? [])[0]
  if (source === undefined) return null
  if (/allowedHosts|https(?!:\/\/)|\.\.\.|mergeConfig|loadEnv|basicSsl|mkcert/.test(source.text)) return null
  if (/\b(?:host|origin)\s*(?:,|:(?!\s*(?:true|false|["']|\/)))/.test(source.text)) return null
  const match = [/\bserver\b(?=\s*:)/, /\bdefineConfig\b(?=\s*\()/, /\bexport\s+default\b/]
    .map(pattern => pattern.exec(source.text))
    .find(each => each !== null)
  if (match == null) return null
  return {
    by: 'Vite',
    at: matchedPlace(source, match),
    said: 'Blocked request. This host is not allowed',
    to: 'to `server.allowedHosts`',
    // It takes the names of `host`, `origin` and `hmr.host`, too.
    takes: name => source.text.includes(name.replace(/:\d+$/, '')),
  }
}
