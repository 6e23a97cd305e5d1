import { holdsPort } from '../../parsers/compose/holds-port.ts'
import { type Place, placeText } from '../../parsers/text/source.ts'
import type { Container } from '../../src/deployment/containers/container.ts'
import type { Connection, Deployment } from '../../src/deployment/model.ts'
import { frontLine } from '../../src/deployment/front-lines.ts'
import { conf } from '../../src/engine/conf.ts'
import { defineRule } from '../../src/engine/rule.ts'
import { sourceAt } from '../../src/files/file-system.ts'
import { nginxMain } from '../_examples.ts'
import { tlsInFront } from '../forwarded-headers/_tls-in-front.ts'

const tree = (
  lines: string,
  { url = "«external_url 'https:»//git.example.org'", port = 80, scheme = 'http' } = {},
) => ({
  'etc/nginx/nginx.conf': nginxMain(conf`
    server {
        listen 443 ssl;
        server_name git.example.org;
        ssl_certificate /etc/ssl/git.pem;
        ssl_certificate_key /etc/ssl/git.key;
        client_max_body_size 0;
        location / {
            proxy_pass ${scheme}://127.0.0.1:8929;
            proxy_set_header Host $host;
            proxy_set_header X-Forwarded-Proto $scheme;
        }
    }
  `),
  'srv/gitlab/docker-compose.yml': conf`
    services:
      gitlab:
        image: gitlab/gitlab-ce:17.3.1-ce.0
        ports: ["127.0.0.1:8929:${port}"]
        environment:
          GITLAB_OMNIBUS_CONFIG: |
            ${url}
            gitlab_rails['time_zone'] = 'Europe/Vienna'
            ${lines}
  `,
})
const behindTraefik = (lines: string): Record<string, string> => ({
  'docker-compose.yml': conf`
    services:
      gitlab:
        image: gitlab/gitlab-ee:latest
        environment:
          GITLAB_OMNIBUS_CONFIG: "«external_url 'https:»//git.example.org';${lines}"
        labels:
          - traefik.http.routers.git.rule=Host(\`git.example.org\`)
          - traefik.http.routers.git.tls.certresolver=le
          - traefik.http.services.git.loadbalancer.server.port=80
      web:
        image: nginx:1.27
        volumes: ["./site.conf:/etc/nginx/conf.d/default.conf:ro"]
  `,
  'site.conf': conf`
    server {
        listen 80;
        root /usr/share/nginx/html;
    }
  `,
})

export default defineRule({
  summary: 'GitLab terminates TLS itself, and the proxy in front connects to its port 80',
  severity: 'error',
  confidence: 'medium',
  since: '0.1.0',
  why: "An `external_url` of `https://` makes GitLab's own nginx listen on 443 and ask Let's Encrypt for a certificate. On port 80 it redirects to HTTPS, or nothing listens: behind a proxy that terminates TLS every page redirects to itself, ERR_TOO_MANY_REDIRECTS, or is answered with 502.",
  remedy:
    "Write `nginx['listen_port'] = 80`, `nginx['listen_https'] = false` and `letsencrypt['enable'] = false` beside `external_url`",
  references: [
    'https://docs.gitlab.com/omnibus/settings/ssl/#configure-a-reverse-proxy-or-load-balancer-ssl-termination',
  ],
  unproven: 'The live tests start no images, and the documentation of GitLab says what its nginx does',
  bad: [
    { title: 'nginx of the host in front of the image', files: tree('') },
    { title: 'another setting of its nginx', files: tree("nginx['client_max_body_size'] = '1g'") },
    {
      title: 'a line that is commented out',
      files: tree("# nginx['listen_https'] = false"),
    },
    { title: 'Traefik in front', files: behindTraefik('') },
    {
      title: 'a proxy that is not seen, to which port 80 is published',
      files: {
        'docker-compose.yml': tree('')['srv/gitlab/docker-compose.yml'],
        'site.conf': behindTraefik('')['site.conf']!,
      },
    },
  ],
  good: [
    {
      title: 'plain HTTP on port 80',
      files: tree("nginx['listen_port'] = 80\nnginx['listen_https'] = false"),
    },
    { title: 'the port of HTTPS', files: tree('', { port: 443, scheme: 'https' }) },
    { title: 'an address of plain HTTP', files: tree('', { url: "external_url 'http://git.example.org'" }) },
    { title: 'a web server that is not of GitLab', files: tree("nginx['enable'] = false") },
    { title: 'Traefik, and no TLS of its own', files: behindTraefik(" nginx['listen_https'] = false;") },
    {
      title: 'settings in a file besides',
      files: {
        ...tree(''),
        'srv/gitlab/docker-compose.yml': tree('')['srv/gitlab/docker-compose.yml'].concat(
          '    volumes: ["./gitlab.rb:/etc/gitlab/gitlab.rb"]\n',
        ),
        'srv/gitlab/gitlab.rb': "nginx['listen_https'] = false\n",
      },
    },
  ],
  *check(deployment) {
    for (const { container } of deployment.machines) {
      if (container === null || !/^gitlab\/gitlab-[ce]e(?::|$)/.test(container.reference ?? '')) continue
      const at = ownTls(container)
      const front = at === null ? null : (frontOf(deployment, container) ?? onlyPort80(container))
      if (at === null || front === null) continue
      yield {
        at,
        message: `GitLab terminates TLS itself for an address of https, and ${front.connects} its port 80: every page redirects to itself, or nothing listens there`,
        label: 'TLS of its own',
        related: [{ at: front.at, message: front.told }],
      }
    }
  },
})

interface Front {
  /** Who leads clients to port 80. */
  readonly connects: string
  readonly at: Place
  readonly told: string
}

/** The mapping of port 80, where that of HTTPS is published nowhere. */
function onlyPort80({ service }: Container): Front | null {
  const { ports, networkMode, labels, complete } = service
  if (!complete || networkMode !== null || labels.length > 0) return null
  const plain = ports.find(({ target }) => target.known && holdsPort(target.value, 80))
  const isOther = ports.some(({ target }) => !target.known || holdsPort(target.value, 443))
  return plain === undefined || isOther
    ? null
    : { connects: 'what is published is', at: plain.at, told: 'of 443, nothing is' }
}

/** The `external_url` of https that no other setting takes TLS from; null where there is none, or nobody knows. */
function ownTls({ service, files }: Container): Place | null {
  const setting = service.environment.find(({ name }) => name === 'GITLAB_OMNIBUS_CONFIG')?.value
  const own = sourceAt(files, '/etc/gitlab/gitlab.rb')?.text ?? ''
  if (setting == null || setting.at === null) return null
  const text = withoutComments(placeText(setting.at))
  if ([text, withoutComments(own)].some(each => SAYS.test(each))) return null
  const match = /\bexternal_url\s*\(?\s*['"]https:/.exec(text)
  if (match === null) return null
  const start = setting.at.start + match.index
  return { ...setting.at, start, end: start + match[0].length }
}

const SAYS = /\bnginx\s*\[\s*['"](?:listen_\w+|enable|redirect_http_to_https)['"]\s*\]/

/** Blanks in place of the comments of Ruby that have a line to themselves. */
const withoutComments = (text: string): string =>
  text.replace(/^[ \t]*#.*$/gm, line => ' '.repeat(line.length))

/** What terminates TLS in front and connects to port 80. */
function frontOf(deployment: Deployment, container: Container): Front | null {
  const connection = deployment.connections.all.find(each => leadsToPort80(each, container))
  if (connection !== undefined) {
    const { server, at } = frontLine(connection)
    return inFront(server === 'nginx' ? 'the nginx in front' : 'Apache', at)
  }
  const machine = deployment.machines.find(each => each.container === container)
  const isOther = container.service.labels.some(
    ({ name, value }) => /server\.port$/.test(name) && value?.known === true && value.value !== '80',
  )
  const front = machine === undefined || isOther ? null : tlsInFront(deployment, machine)
  return front === null ? null : inFront(front.proxy, front.at)
}

const inFront = (name: string, at: Place): Front => ({
  connects: `${name}, which does so too, connects to`,
  at,
  told: 'terminates TLS in front',
})

function leadsToPort80(connection: Connection, container: Container): boolean {
  const { protocol, targets, from } = connection
  if (!protocol.known || protocol.value !== 'http' || !frontLine(connection).tls) return false
  return targets.some(({ machine, port }) => {
    if (machine?.container !== container || port === null) return false
    if (from.machine.container !== null) return port === 80
    return container.service.ports.some(
      ({ published, target }) =>
        published?.known === true &&
        holdsPort(published.value, port) &&
        target.known &&
        holdsPort(target.value, 80),
    )
  })
}
