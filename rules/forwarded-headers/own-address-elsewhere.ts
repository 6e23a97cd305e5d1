import { memo } from '../../parsers/collections/memo.ts'
import type { Place } from '../../parsers/text/source.ts'
import type { Fact } from '../../parsers/text/fact.ts'
import type { Container } from '../../src/deployment/containers/container.ts'
import { type FrontLine, frontLine } from '../../src/deployment/front-lines.ts'
import type { Connection, Deployment } from '../../src/deployment/model.ts'
import { serverBehind } from '../../src/deployment/server-behind.ts'
import { conf } from '../../src/engine/conf.ts'
import { defineRule, type RuleFinding } from '../../src/engine/rule.ts'
import { appBehind } from '../containers/_examples.ts'
import { containerVariables } from '../containers/_container-variables.ts'
import { serviceVariables } from '../../src/deployment/containers/service-variables.ts'
import { type LabelFront, labelFronts } from './_label-fronts.ts'
import { wordpressAddress } from './_wordpress-address.ts'
import { hasInstalled, type InstalledAddress, installedAddress } from './_installed-addresses.ts'
import { isFilled, type ToldAddress, toldToContainer, toldToProgram } from './_library-addresses.ts'
import { nginxMain } from '../_examples.ts'
import { ADDRESSED, type AddressedProgram } from './_own-addresses.ts'

const tree = (service: string, port: string, lines = ''): Record<string, string> =>
  appBehind(
    service,
    conf`
    server {
        listen 443 ssl;
        ${lines}
        server_name app.example.org;
        ssl_certificate /etc/ssl/app.pem;
        ssl_certificate_key /etc/ssl/app.key;
        location / {
            proxy_pass http://app:${port};
            proxy_set_header Host $host;
            proxy_set_header X-Forwarded-Proto $scheme;
        }
    }
  `,
  )
const onMachine = (path: string, lines: string): Record<string, string> => ({
  'etc/nginx/nginx.conf': nginxMain(
    tree('', '')['site.conf']!.replace('http://app:', 'http://127.0.0.1:3000'),
  ),
  [path]: conf`
    [server]
    ${lines}
  `,
})
/** Apache of the machine in front of a container that publishes its port. */
const behindApache = (service: string, port: string, listen = '443'): Record<string, string> => ({
  'docker-compose.yml': conf`
    services:
      app:
        ${service}
        ports: ["127.0.0.1:8080:${port}"]
  `,
  'apache/app.conf': conf`
    <VirtualHost *:${listen}>
        ServerName app.example.org
        SSLEngine ${listen === '443' ? 'on' : 'off'}
        SSLCertificateFile /etc/ssl/app.pem
        SSLCertificateKeyFile /etc/ssl/app.key
        ProxyPreserveHost On
        RequestHeader set X-Forwarded-Proto expr=%{REQUEST_SCHEME}
        ProxyPass / http://127.0.0.1:8080/
        ProxyPassReverse / http://127.0.0.1:8080/
    </VirtualHost>
  `,
})
const app = (image: string, lines: string): string => conf`
  image: ${image}
  environment:
    ${lines}
`

/** A container that says itself by which name a proxy reaches it. */
const labelled = (service: string, labels: string): Record<string, string> => ({
  'compose.yml': conf`
    services:
      proxy:
        image: traefik:v3.1
        command: [--providers.docker=true]
        ports: ["80:80"]
      app:
        ${service}
        ${labels}
  `,
})

export default defineRule({
  summary: 'A program behind nginx or Apache takes another address than that of its clients for its own',
  severity: 'warning',
  otherSeverities: {
    error: 'where nothing of it works with that address, or it does not start',
    info: 'where Nextcloud is not told of TLS by variables, and may be by its `config.php`',
  },
  confidence: 'high',
  since: '0.1.0',
  why: 'These programs do not ask `Host` what their address is: a variable says it, and they put it before links, redirects, webhooks and the paths of style sheets. `http://localhost:3000` is the machine of whoever reads the page. With `http://` for a site that is served over TLS, browsers block what the page loads, and Django refuses its forms.',
  remedy: 'Write the address under which clients ask, with its scheme and without the port of the container',
  references: [
    'https://docs.ghost.org/config/#url',
    'https://docs.gitea.com/administration/config-cheat-sheet#server-server',
    'https://docs.n8n.io/hosting/configuration/configuration-examples/webhook-url/',
    'https://docs.paperless-ngx.com/configuration/#PAPERLESS_URL',
    'https://docs.hedgedoc.org/configuration/#hedgedoc-location',
    'https://next-auth.js.org/configuration/options#nextauth_url',
    'https://github.com/nextcloud/docker#using-the-image-behind-a-reverse-proxy-and-specifying-the-server-host-and-protocol',
  ],
  unproven: 'The live tests start no containers, and install none of these programs',
  bad: [
    {
      title: 'WordPress behind Traefik',
      files: labelled(
        app(
          'wordpress:6-apache',
          "WORDPRESS_CONFIG_EXTRA: |\n  define('WP_HOME', '«http://localhost:8080»');",
        ),
        conf`
          labels:
            - traefik.enable=true
            - traefik.http.routers.app.rule=Host(\`app.example.org\`)
            - traefik.http.routers.app.tls.certresolver=le
        `,
      ),
    },
    {
      title: 'WordPress behind nginx',
      files: tree(
        app('wordpress:6-apache', "WORDPRESS_CONFIG_EXTRA: define('WP_SITEURL', '«http://localhost:8080»');"),
        '80',
      ),
    },
    {
      title: 'a scheme that Traefik does not serve',
      files: labelled(
        app('ghost:5', 'url: «http://app.example.org»'),
        conf`
          labels:
            traefik.enable: "true"
            traefik.http.routers.app.rule: Host(\`app.example.org\`)
            traefik.http.routers.app.tls: "true"
        `,
      ),
    },
    {
      title: 'a scheme that Apache does not serve',
      files: behindApache(app('ghost:5', 'url: «http://app.example.org»'), '2368'),
    },
    {
      title: 'the machine of whoever reads the page, behind Apache',
      files: behindApache(
        app('gitea/gitea:1.22', 'GITEA__server__ROOT_URL: «http://localhost:3000/»'),
        '3000',
      ),
    },
    {
      title: 'Gitea on the machine of nginx',
      files: onMachine('etc/gitea/app.ini', 'ROOT_URL = «http://localhost:3000/»'),
    },
    {
      title: 'a scheme that nginx does not serve',
      files: tree(app('ghost:5', 'url: «http://app.example.org»'), '2368'),
    },
    {
      title: 'the machine of whoever reads the page',
      files: tree(app('gitea/gitea:1.22', 'GITEA__server__ROOT_URL: «http://localhost:3000/»'), '3000'),
    },
    {
      title: 'a variable in other letters, which nobody reads',
      files: tree(app('«ghost:5»', 'URL: https://app.example.org'), '2368'),
    },
    {
      title: 'a form that Django refuses',
      files: tree(
        app('ghcr.io/paperless-ngx/paperless-ngx:2.11', 'PAPERLESS_URL: «http://app.example.org»'),
        '8000',
      ),
    },
    {
      title: 'Paperless, which nobody tells of TLS',
      files: tree(
        app('«ghcr.io/paperless-ngx/paperless-ngx:2.11»', 'PAPERLESS_TIME_ZONE: Europe/Berlin'),
        '8000',
      ),
    },
    {
      title: 'an address without its scheme',
      files: tree(app('vaultwarden/server:1.31.0', 'DOMAIN: «app.example.org»'), '80'),
    },
    {
      title: 'a name with a scheme',
      files: tree(app('quay.io/hedgedoc/hedgedoc:1.9.9', 'CMD_DOMAIN: «https://app.example.org»'), '3000'),
    },
    {
      title: 'a name that HedgeDoc does not know to be of TLS',
      files: tree(app('quay.io/hedgedoc/hedgedoc:1.9.9', 'CMD_DOMAIN: «app.example.org»'), '3000'),
    },
    {
      title: 'the scheme of Nextcloud',
      files: tree(app('nextcloud:29-apache', 'OVERWRITEPROTOCOL: «http»'), '80'),
    },
    {
      title: 'webhooks of n8n at the port of the container',
      files: tree(app('«docker.n8n.io/n8nio/n8n:1.50.0»', 'N8N_HOST: app.example.org'), '5678'),
    },
    {
      title: 'GitLab',
      files: tree(
        conf`
          image: gitlab/gitlab-ce:16.11.0-ce.0
          environment:
            GITLAB_OMNIBUS_CONFIG: |
              external_url '«http://app.example.org»'
        `,
        '80',
      ),
    },
    {
      title: 'Nextcloud, which is told its name and not the scheme',
      files: tree(app('nextcloud:29-apache', 'OVERWRITEHOST: «app.example.org»'), '80'),
    },
    {
      title: 'Nextcloud, which is told nothing',
      files: tree('image: «nextcloud:29»', '80'),
    },
    {
      title: 'NextAuth of an image that is built here',
      files: tree(
        conf`
          build: .
          environment:
            NODE_ENV: production
            NEXTAUTH_URL: «http://localhost:3000»
        `,
        '3000',
      ),
    },
    {
      title: 'Auth.js, of which the packages tell',
      files: {
        ...tree(
          conf`
            build: ./web
            environment:
              - AUTH_URL=«http://localhost:3000/api/auth»
          `,
          '3000',
        ),
        'web/package.json': '{ "dependencies": { "next-auth": "5.0.0-beta.25" } }\n',
      },
    },
    {
      title: 'NextAuth that a unit starts',
      files: {
        'etc/nginx/nginx.conf': nginxMain(
          tree('', '')['site.conf']!.replace('http://app:', 'http://127.0.0.1:3000'),
        ),
        'etc/systemd/system/web.service': conf`
          [Service]
          WorkingDirectory=/srv/web
          Environment=NODE_ENV=production
          Environment=NEXTAUTH_URL=«http://localhost:3000»
          ExecStart=/srv/web/node_modules/.bin/next start -p 3000
        `,
      },
    },
  ],
  good: [
    {
      title: 'WordPress by the name that is asked for, and by one that Traefik does not redirect',
      files: labelled(
        app(
          'wordpress:6-apache',
          "WORDPRESS_CONFIG_EXTRA: |\n  define('WP_HOME', 'https://' . $$_SERVER['HTTP_HOST']);",
        ),
        conf`
          labels:
            - traefik.http.routers.app.rule=Host(\`app.example.org\`)
            - traefik.http.routers.app.tls.certresolver=le
        `,
      ),
    },
    {
      title: 'a site of Traefik that is asked at home alone',
      files: labelled(
        app('ghost:5', 'url: http://app.localhost'),
        conf`
          labels:
            - traefik.http.routers.app.rule=Host(\`app.localhost\`)
        `,
      ),
    },
    {
      title: 'the address that Apache serves',
      files: behindApache(app('ghost:5', 'url: https://app.example.org'), '2368'),
    },
    {
      title: 'plain HTTP of Apache',
      files: behindApache(app('ghost:5', 'url: http://app.example.org'), '2368', '80'),
    },
    {
      title: 'Nextcloud that is told the scheme, or whom to trust',
      files: tree(app('nextcloud:29-apache', 'OVERWRITEPROTOCOL: https'), '80'),
    },
    {
      title: 'Nextcloud with a file of its own',
      files: tree(
        conf`
          image: nextcloud:29
          volumes: ["./config:/var/www/html/config"]
        `,
        '80',
      ),
    },
    {
      title: 'NextAuth that asks the request',
      files: tree(
        app('example/web:2', 'NEXTAUTH_URL: http://localhost:3000\nAUTH_TRUST_HOST: "true"'),
        '3000',
      ),
    },
    {
      title: 'NextAuth with its address, and one that is filled in',
      files: tree(app('example/web:2', 'NEXTAUTH_URL: ${SITE:-http://localhost:3000}'), '3000'),
    },
    {
      title: 'NextAuth for development',
      files: tree(app('example/web:2', 'NEXTAUTH_URL: http://localhost:3000\nNODE_ENV: development'), '3000'),
    },
    {
      title: 'a variable of an application of one’s own',
      files: tree(app('example/web:2', 'AUTH_URL: http://localhost:3000'), '3000'),
    },
    {
      title: 'Gitea on the machine with its address',
      files: onMachine('etc/gitea/app.ini', 'ROOT_URL = https://app.example.org/'),
    },
    {
      title: 'another port than that of Gitea',
      files: onMachine(
        'etc/gitea/app.ini',
        conf`
        HTTP_PORT = 3001
        ROOT_URL = http://localhost:3001/
      `,
      ),
    },
    {
      title: 'Grafana that makes its address of its name',
      files: onMachine('etc/grafana/grafana.ini', 'root_url = %(protocol)s://%(domain)s/'),
    },
    { title: 'its address', files: tree(app('ghost:5', 'url: https://app.example.org'), '2368') },
    {
      title: 'a server of both schemes',
      files: tree(app('ghost:5', 'url: http://app.example.org'), '2368', 'listen 80;'),
    },
    {
      title: 'an address that the environment of Compose decides',
      files: tree(app('ghost:5', 'url: ${SITE:-http://localhost:2368}'), '2368'),
    },
    {
      title: 'Paperless that reads the header',
      files: tree(
        app(
          'ghcr.io/paperless-ngx/paperless-ngx:2.11',
          `PAPERLESS_PROXY_SSL_HEADER: '["HTTP_X_FORWARDED_PROTO", "https"]'`,
        ),
        '8000',
      ),
    },
    {
      title: 'HedgeDoc with TLS',
      files: tree(
        app(
          'quay.io/hedgedoc/hedgedoc:1.9.9',
          conf`
            CMD_DOMAIN: app.example.org
            CMD_PROTOCOL_USESSL: "true"
          `,
        ),
        '3000',
      ),
    },
    {
      title: 'n8n with its address',
      files: tree(app('docker.n8n.io/n8nio/n8n:1.50.0', 'WEBHOOK_URL: https://app.example.org/'), '5678'),
    },
    {
      title: 'a server of any name',
      files: Object.fromEntries(
        Object.entries(tree(app('ghost:5', 'url: http://localhost:2368'), '2368')).map(([path, text]) => [
          path,
          text.replace('server_name app.example.org;', 'server_name _;'),
        ]),
      ),
    },
    {
      title: 'variables of a file that is not here',
      files: tree(
        conf`
          image: ghost:5
          env_file: ghost.env
        `,
        '2368',
      ),
    },
  ],
  *check(deployment) {
    yield* faultsOfLibraries(deployment)
    const { connections, machines } = deployment
    const isAnywhere = machines.some(({ container, files }) =>
      container === null ? hasInstalled(files) : imageOf(container) !== null,
    )
    if (!isAnywhere) return
    yield* behindLabels(deployment)
    const plain = reachedInPlain(deployment)
    for (const connection of connections.all) {
      const names = namesOf(connection)
      if (('server' in connection && connection.reachable === false) || names === null) continue
      const { server, url, tls } = frontLine(connection)
      const related = [{ at: url, message: `${server} proxies to it here` }]
      for (const { machine, local, port } of connection.targets) {
        const container = machine?.container ?? null
        if (container === null && local === true && connection.from.machine.container === null) {
          const installed = installedAddress(connection.from.machine.files, port)
          const fault =
            installed === null
              ? null
              : faultOfInstalled(installed, { server, names, isTls: tls && !plain.ports.has(port) })
          if (fault !== null) yield { ...fault, related }
          continue
        }
        const image = container === null ? null : imageOf(container)
        if (container === null || image === null) continue
        if (!serviceVariables(container.service, container.hostFiles).complete) continue
        const site: Site = {
          server,
          names,
          isTls: tls && !plain.containers.has(container),
          image: image.at,
        }
        const fault =
          faultOf(image.name, variablesOf(container), site) ??
          (image.name === 'nextcloud' ? faultOfNextcloud(container, site, deployment) : null)
        if (fault !== null) yield { ...fault, related }
      }
    }
  },
})

/** Containers that Traefik or nginx-proxy proxies to, by what they say themselves. */
function* behindLabels(deployment: Deployment): Iterable<RuleFinding> {
  for (const { container, at, ...site } of labelFronts(deployment)) {
    const image = imageOf(container)
    if (image === null || site.names.some(isLocal)) continue
    if (!serviceVariables(container.service, container.hostFiles).complete) continue
    const fault = faultOf(image.name, variablesOf(container), { ...site, image: image.at })
    if (fault !== null) yield { ...fault, related: [{ at, message: `${site.server} proxies to it by this` }] }
  }
}

interface Fault {
  readonly at: Place
  readonly severity?: 'error' | 'info'
  readonly message: string
  readonly label: string
  readonly help: string
}

interface Site {
  readonly server: FrontLine['server'] | LabelFront['server']
  readonly names: readonly string[]
  readonly isTls: boolean
  readonly image: Place
}

/** Each variable by its name: undefined where it is not set, null where nobody here knows its value. */
type Variables = ReadonlyMap<string, { readonly text: string; readonly at: Place } | null>

function imageOf({ base, service }: Container): { readonly name: string; readonly at: Place } | null {
  const at = service.image?.at ?? null
  if (base === null || at === null || service.build !== null || !service.complete) return null
  const name = base.replace(/^(?:[\w-]+\.)+[a-z]+(?::\d+)?\//, '')
  const isOne =
    ADDRESSED.some(({ image }) => image.test(name)) ||
    /^(?:wordpress|n8nio\/n8n|gitlab\/gitlab-(?:ce|ee))$/.test(name)
  return isOne ? { name, at } : null
}

function variablesOf(container: Container): Variables {
  const read = (value: Fact<string> | null) => {
    if (value?.known !== true || value.at === null) return null
    return isFilled(value.at) || /[\0\uFFFD\uE000]/.test(value.value)
      ? null
      : { text: value.value, at: value.at }
  }
  return new Map(containerVariables(container).map(({ name, value }) => [name, read(value)]))
}

/** The names that clients ask for; null where one of them is no name of the network. */
function namesOf(connection: Connection): readonly string[] | null {
  const { names, hasNamesAlone } = frontLine(connection)
  const arePlain = hasNamesAlone && names.every(name => name.includes('.') && !isLocal(name))
  return names.length === 0 || !arePlain ? null : names
}

function isLocal(host: string): boolean {
  return /^(?:localhost|0\.0\.0\.0|127\.[\d.]+|\[?::1\]?)$|\.(?:localhost|local|test|lan|internal)$|^[\d.]+$/.test(
    host,
  )
}

/** The containers, and the ports of the machine itself, to which clients are proxied that may speak plain HTTP. */
const reachedInPlain = memo(({ connections }: Deployment) => {
  const containers = new Set<Container>()
  const ports = new Set<number | null>()
  for (const connection of [...connections.http, ...connections.apache]) {
    if (!frontLine(connection).plain) continue
    for (const { machine, local, port } of connection.targets) {
      if (machine !== null && machine.container !== null) containers.add(machine.container)
      if (local === true) ports.add(port)
    }
  }
  return { containers, ports }
})

function faultOfInstalled(
  { name, text, at }: InstalledAddress,
  { server, names, isTls }: Omit<Site, 'image'>,
): Fault | null {
  const [, scheme = '', host = ''] = /^(https?):\/\/(\[[^\]]*\]|[^/:?#]+)/i.exec(text) ?? []
  const isElsewhere = isLocal(host)
  if (!isElsewhere && !(isTls && scheme.toLowerCase() === 'http' && names.includes(host))) return null
  return {
    at,
    message: isElsewhere
      ? `${name} begins its addresses with \`${text}\`, and clients ask \`${names[0]}\``
      : `${name} begins its addresses with \`http://\`, and ${server} serves \`${host}\` over TLS`,
    label: isElsewhere ? 'on the machine of the client' : 'not the scheme of clients',
    help: `Write \`${isTls ? 'https' : 'http'}://${names[0]}/\``,
  }
}

function faultOf(image: string, variables: Variables, site: Site): Fault | null {
  if (/n8n$/.test(image)) return faultOfN8n(variables, site)
  if (/^gitlab\//.test(image)) return faultOfGitlab(variables, site)
  if (image === 'wordpress') return faultOfWordpress(variables, site)
  const program = ADDRESSED.find(each => each.image.test(image))
  if (program === undefined) return null
  const name = program.variables.find(each => variables.has(each))
  const written = name === undefined ? undefined : variables.get(name)
  if (written === null) return null
  if (name === undefined || written === undefined || written.text === '')
    return (
      faultOfScheme(program, variables, site) ??
      (name === undefined ? faultOfNothing(program, variables, site) : null)
    )
  const shown = `\`${name}\``
  const right = `${site.isTls ? 'https' : 'http'}://${site.names[0]}`
  const address = /^(https?):\/\/(\[[^\]]*\]|[^/:?#]+)/i.exec(written.text)
  if (program.kind === 'host') {
    if (address === null) return faultOfScheme(program, variables, site)
    return {
      at: written.at,
      severity: 'error',
      message: `${shown} is a name without a scheme, and ${program.name} writes one before it: ${program.breaks}`,
      label: 'no name',
      help: `Write \`${address[2]}\``,
    }
  }
  if (address === null)
    return program.wantsScheme === true && /^[\w-]+(?:\.[\w-]+)+\/?$/.test(written.text)
      ? {
          at: written.at,
          severity: 'error',
          message: `${program.name} does not start, for ${shown} has no scheme: DOMAIN variable needs to contain the protocol (http, https)`,
          label: 'no scheme',
          help: `Write \`${right}\``,
        }
      : null
  const [, scheme = '', host = ''] = address
  const isElsewhere = isLocal(host)
  const isPlain = site.isTls && scheme.toLowerCase() === 'http' && site.names.includes(host)
  if (!isElsewhere && !isPlain) return null
  const breaks = program.breaks === null ? '' : `: ${program.breaks}`
  return {
    at: written.at,
    ...(program.breaks !== null && { severity: 'error' as const }),
    message: isElsewhere
      ? `${program.name} begins its addresses with \`${written.text}\`, and clients ask \`${site.names[0]}\`${breaks}`
      : `${program.name} begins its addresses with \`http://\`, and ${site.server} serves \`${host}\` over TLS${breaks}`,
    label: isElsewhere ? 'on the machine of the client' : 'not the scheme of clients',
    help: `Write \`${right}\``,
  }
}

/** The entry point of the image puts the text into `wp-config.php`. */
function faultOfWordpress(variables: Variables, { names, isTls }: Site): Fault | null {
  const extra = variables.get('WORDPRESS_CONFIG_EXTRA') ?? null
  const own = extra === null ? null : wordpressAddress(extra.text, extra.at)
  if (own === null || !isLocal(own.host)) return null
  return {
    at: own.at,
    severity: 'error',
    message: `WordPress begins its addresses with \`${own.url}\`, its \`${own.name}\`, and redirects whoever asks \`${names[0]}\` there`,
    label: 'on the machine of the client',
    help: `Write \`${isTls ? 'https' : 'http'}://${names[0]}\``,
  }
}

/**
 * Applications that begin addresses with one that a variable names, whatever image or unit starts them: each is
 * looked at once, whoever proxies to it.
 */
function* faultsOfLibraries({ connections }: Deployment): Iterable<RuleFinding> {
  const known = new Map<object, readonly ToldAddress[]>()
  for (const connection of connections.all) {
    const names = namesOf(connection)
    if (('server' in connection && connection.reachable === false) || names === null) continue
    const front = frontLine(connection)
    for (const target of connection.targets) {
      const application = target.machine?.container ?? serverBehind(target)
      if (application === null) continue
      const told =
        known.get(application) ??
        ('kind' in application
          ? toldToProgram(application, application.machine)
          : toldToContainer(application))
      known.set(application, told)
      for (const { library, text, at } of told) {
        const [, host = ''] = /^https?:\/\/(\[[^\]]*\]|[^/:?#]+)/i.exec(text) ?? []
        if (!isThisMachine(host)) continue
        yield {
          at,
          message: `${library.name} begins its addresses with \`${text}\`, and clients ask \`${names[0]}\`: ${library.breaks}`,
          label: 'on the machine of the client',
          help: `Write \`${library.variable}=${front.tls ? 'https' : 'http'}://${names[0]}\``,
          related: [{ at: front.url, message: `${front.server} proxies to it here` }],
        }
      }
    }
  }
}

function isThisMachine(host: string): boolean {
  return /^(?:localhost|0\.0\.0\.0|127\.[\d.]+|\[::1?\])$/i.test(host)
}

/**
 * The image takes the scheme from `OVERWRITEPROTOCOL`, or from the header of a proxy in `TRUSTED_PROXIES`. Whoever edits
 * the `config.php` of its volume may have written both there.
 * https://github.com/nextcloud/docker#using-the-image-behind-a-reverse-proxy-and-specifying-the-server-host-and-protocol
 */
function faultOfNextcloud(
  container: Container,
  { isTls, image }: Site,
  { setups }: Deployment,
): Fault | null {
  const { service, mounts, hostFiles } = container
  const variables = variablesOf(container)
  if (!isTls || service.entrypoint !== null || service.command !== null) return null
  if (['OVERWRITEPROTOCOL', 'TRUSTED_PROXIES', 'OVERWRITECONDADDR'].some(name => variables.has(name)))
    return null
  const isConfigured = mounts.some(
    ({ target, path }) =>
      /^\/(?:docker-entrypoint-hooks\.d|etc\/apache2|var\/www\/html\/(?:config|\.htaccess|\.user\.ini))(?:\/|$)/.test(
        target,
      ) ||
      (path !== null && target === '/var/www/html' && hostFiles.kind(`${path}/config`) !== null),
  )
  if (isConfigured || setups()?.some(({ code }) => /overwriteprotocol|trusted_proxies/i.test(code)) === true)
    return null
  const own = variables.get('OVERWRITEHOST') ?? variables.get('NEXTCLOUD_TRUSTED_DOMAINS') ?? null
  return {
    at: own?.at ?? image,
    ...(own === null && { severity: 'info' as const }),
    message:
      'nothing tells Nextcloud that clients ask over TLS, so it begins its addresses with `http://`: The polling URL does not start with HTTPS despite the login URL started with HTTPS',
    label: 'without the scheme',
    help: 'Add `OVERWRITEPROTOCOL: https`',
  }
}

/** Of names without a scheme, a variable beside says which it is. */
function faultOfScheme(
  program: AddressedProgram,
  variables: Variables,
  { server, isTls, names, image }: Site,
): Fault | null {
  if (!isTls) return null
  const protocol = variables.get('OVERWRITEPROTOCOL')
  if (program.name === 'Nextcloud' && protocol?.text === 'http')
    return {
      at: protocol.at,
      severity: 'error',
      message: `Nextcloud begins its addresses with \`http://\`, and ${server} serves it over TLS: browsers block what its pages load`,
      label: 'not the scheme of clients',
      help: 'Write `https`',
    }
  const domain = variables.get('CMD_DOMAIN')
  if (program.name === 'HedgeDoc' && domain != null && !variables.has('CMD_PROTOCOL_USESSL'))
    return {
      at: domain.at,
      severity: 'error',
      message: `HedgeDoc begins its addresses with \`http://\` unless \`CMD_PROTOCOL_USESSL\` is set, and ${server} serves it over TLS: ${program.breaks}`,
      label: 'without TLS',
      help: 'Add `CMD_PROTOCOL_USESSL: "true"`',
    }
  const isTold = [...variables.keys()].some(each =>
    /^PAPERLESS_(?:CSRF_TRUSTED_ORIGINS|PROXY_SSL_HEADER|CONFIGURATION_PATH)$/.test(each),
  )
  if (program.name === 'Paperless' && !isTold)
    return {
      at: image,
      severity: 'error',
      message: `nothing tells Paperless that clients ask over TLS, so ${program.breaks}`,
      label: 'not told its address',
      help: `Add \`PAPERLESS_URL: https://${names[0]}\``,
    }
  return null
}

/** The address that it takes where no variable names one. */
function faultOfNothing(
  { name, usual, breaks, variables: [variable = ''] }: AddressedProgram,
  variables: Variables,
  { names, isTls, image }: Site,
): Fault | null {
  if (usual === null) return null
  const alike = [...variables.keys()].find(each => each.toLowerCase() === variable.toLowerCase())
  return {
    at: image,
    ...(breaks !== null && { severity: 'error' as const }),
    message: `${alike === undefined ? `no \`${variable}\` is set` : `\`${alike}\` is not \`${variable}\``}, so ${name} begins its addresses with \`${usual}\`${breaks === null ? '' : `: ${breaks}`}`,
    label: 'not told its address',
    help: `Add \`${variable}: ${isTls ? 'https' : 'http'}://${names[0]}\``,
  }
}

/** n8n makes the address of webhooks of its own scheme, name and port, where `WEBHOOK_URL` says nothing. */
function faultOfN8n(variables: Variables, { server, names, isTls, image }: Site): Fault | null {
  const help = `Write \`WEBHOOK_URL: ${isTls ? 'https' : 'http'}://${names[0]}/\``
  const given = variables.get('WEBHOOK_URL')
  if (given != null && given.text !== '') {
    const [, scheme, host = ''] = /^(https?):\/\/([^/:]+)/.exec(given.text) ?? []
    if (scheme === undefined || (!isLocal(host) && !(isTls && scheme === 'http' && names.includes(host))))
      return null
    return {
      at: given.at,
      message: `n8n shows \`${given.text}\` for its webhooks, and ${server} serves it at \`${names[0]}\`${isTls ? ' over TLS' : ''}`,
      label: 'not the address of clients',
      help,
    }
  }
  if ([...variables.keys()].some(each => /^(?:WEBHOOK|N8N_(?:EDITOR_BASE_URL|PATH))/.test(each))) return null
  const parts = ['N8N_PROTOCOL', 'N8N_HOST', 'N8N_PORT'].map(each => variables.get(each))
  if (parts.includes(null)) return null
  const [scheme = 'http', host = 'localhost', port = '5678'] = parts.map(each => each?.text)
  return {
    at: image,
    message: `no \`WEBHOOK_URL\` is set, so n8n shows \`${scheme}://${host}:${port}/\` for its webhooks, and ${server} serves it at \`${names[0]}\``,
    label: 'not told its address',
    help,
  }
}

function faultOfGitlab(variables: Variables, { server, names, isTls }: Site): Fault | null {
  const written = variables.get('GITLAB_OMNIBUS_CONFIG')
  if (written == null || !isTls) return null
  const url = /(?<=^\s*external_url[\s(]+['"])http:\/\/([\w.-]+)(?=['"/])/m.exec(written.text)
  const start = url === null ? -1 : written.at.source.text.indexOf(url[0], written.at.start)
  if (url === null || start === -1 || !names.includes(url[1] ?? '')) return null
  return {
    at: { source: written.at.source, start, end: start + url[0].length },
    message: `GitLab begins its addresses with \`http://\`, and ${server} serves it over TLS`,
    label: 'not the scheme of clients',
    help: `Write \`https://${names[0]}\`, with \`nginx['listen_port'] = 80\` and \`nginx['listen_https'] = false\``,
  }
}
