import type { Connection, Target } from '../../src/deployment/model.ts'
import { isLoopback } from '../../src/servers/address.ts'
import { propose, replacePlace } from '../../src/deployment/edits.ts'
import { argumentPlace } from '../../src/deployment/places.ts'
import { type Place, placeText } from '../../parsers/text/source.ts'
import { conf } from '../../src/engine/conf.ts'
import { defineRule } from '../../src/engine/rule.ts'
import { apacheMain } from '../_examples.ts'
import { isComputed } from '../../src/servers/nginx/queries/interpolate.ts'

const site = (target: string): string => conf`
  server {
      listen 80;
      server_name example.org;
      location / {
          proxy_pass ${target};
      }
  }
`

const apache = (lines: string): Record<string, string> => ({
  'etc/apache2/apache2.conf': apacheMain(
    conf`
      Listen 80
      <VirtualHost *:80>
          ServerName example.org
          ${lines}
      </VirtualHost>
    `,
    ['ssl', 'socache_shmcb', 'proxy', 'proxy_http', 'proxy_balancer', 'lbmethod_byrequests', 'slotmem_shm'],
  ),
})

export default defineRule({
  summary: 'A proxy speaks plain HTTP to a port of TLS, or TLS to port 80',
  severity: 'error',
  otherSeverities: {
    warning: 'where the port is one that TLS is spoken on by convention alone, such as 8443',
  },
  confidence: 'high',
  since: '0.1.0',
  why: 'The backend answers 400, “The plain HTTP request was sent to HTTPS port” or “You’re speaking plain HTTP to an SSL-enabled server port”, or drops the connection, and the proxy answers 502. TLS to a port of plain HTTP is 502, too; Apache says “Error during SSL Handshake with remote server”.',
  remedy:
    'Write `proxy_pass https://…`, in Apache `ProxyPass / https://…` and `SSLProxyEngine On`, or name the port that speaks plain HTTP',
  references: [
    'https://nginx.org/en/docs/http/ngx_http_proxy_module.html#proxy_pass',
    'https://httpd.apache.org/docs/2.4/mod/mod_ssl.html#sslproxyengine',
  ],
  bad: [
    { title: 'port 443 without TLS', files: { 'nginx.conf': site('«http://192.0.2.7:443»') } },
    { title: 'TLS to port 80', files: { 'nginx.conf': site('«https://192.0.2.7:80»') } },
    {
      title: 'an upstream',
      files: {
        'nginx.conf': conf`
          upstream app {
              server 192.0.2.7:443;
          }
          ${site('«http://app»')}
        `,
      },
    },
    { title: 'a port that is known for TLS', files: { 'nginx.conf': site('«http://192.0.2.7:9443/»') } },
    {
      title: 'Apache, and port 443 without TLS',
      files: apache('ProxyPass / «http://192.0.2.7:443/»'),
    },
    {
      title: 'Apache, and TLS to port 80',
      files: apache(conf`
        SSLProxyEngine On
        ProxyPass / «https://192.0.2.7:80/»
      `),
    },
    {
      title: 'a balancer of Apache',
      files: apache(conf`
        <Proxy balancer://app>
            BalancerMember «http://192.0.2.7:9443»
        </Proxy>
        ProxyPass / balancer://app/
      `),
    },
  ],
  good: [
    {
      title: 'Apache, and TLS to port 443',
      files: apache(conf`
        SSLProxyEngine On
        ProxyPass / https://192.0.2.7:443/
      `),
    },
    { title: 'Apache, and a container', files: apache('ProxyPass / http://127.0.0.1:8443/') },
    { title: 'Apache, and AJP', files: apache('ProxyPass / ajp://192.0.2.7:8443/') },
    { title: 'TLS to port 443', files: { 'nginx.conf': site('https://192.0.2.7:443') } },
    { title: 'plain HTTP to a port of its own', files: { 'nginx.conf': site('http://192.0.2.7:8080') } },
    {
      title: 'a port in a variable, beside the scheme',
      files: {
        'nginx.conf': site('$scheme_of_app://192.0.2.7:$port').replace(
          'location / {',
          'location / {\n        set $scheme_of_app http;\n        set $port 8443;',
        ),
      },
    },
    { title: 'what a container is published at', files: { 'nginx.conf': site('http://127.0.0.1:8443') } },
    {
      title: 'a server of this nginx that speaks plain HTTP there',
      files: {
        'etc/nginx/nginx.conf': conf`
          events {
          }
          http {
              server {
                  listen 127.0.0.1:8443;
              }
              ${site('http://127.0.0.1:8443')}
          }
        `,
      },
    },
  ],
  *check({ connections }) {
    for (const connection of connections.all) {
      const fault = faultOf(connection)
      if (fault === null) continue
      const { pass } = connection
      const { port, isSure, isTls, target } = fault
      const isNginx = 'server' in connection
      const at = isNginx ? argumentPlace(pass, 0) : target.at
      const text = placeText(at)
      yield {
        at,
        severity: isSure ? 'error' : 'warning',
        confidence: isSure ? 'high' : 'medium',
        message: isTls
          ? `\`${pass.name}\` speaks plain HTTP to port ${port}, which is one of TLS`
          : `\`${pass.name}\` speaks TLS to port ${port}, which is the one of plain HTTP`,
        label: isTls ? 'plain HTTP' : 'TLS',
        ...(isWithin(target.at, at) ? {} : { related: [{ at: target.at, message: 'the port' }] }),
        ...(isTls && isNginx && /^["']?http:/.test(text)
          ? propose('Speak TLS', 'unsafe', [replacePlace(at, text.replace('http:', 'https:'))])
          : {}),
        ...(isTls && !isNginx && { help: 'Write `https://`, and `SSLProxyEngine On` in the virtual host' }),
      }
    }
  },
})

function isWithin(inner: Place, { source, start, end }: Place): boolean {
  return inner.source === source && inner.start >= start && inner.end <= end
}

interface Fault {
  readonly target: Target
  readonly port: number
  readonly isTls: boolean
  readonly isSure: boolean
}

/** Ports on which programs speak TLS alone by their documents: Portainer, Tomcat, UniFi, Proxmox, Cockpit’s kin. */
const BY_CONVENTION = new Set([8443, 9443, 6443, 10443, 8006])

function faultOf(connection: Connection): Fault | null {
  const { protocol, targets, pass } = connection
  if (!protocol.known) return null
  // Scheme and port that variables hold are put together by whoever knows both.
  if ('server' in connection && (pass.name !== 'proxy_pass' || isComputed(pass.args[0]?.value ?? '')))
    return null
  const isPlain = /^(?:http|ws)$/.test(protocol.value)
  for (const target of targets) {
    // What a listener of the audit speaks is known.
    if (target.to.kind === 'listener' || target.port === null) continue
    const { port } = target
    if (isPlain && port === 443) return { target, port, isTls: true, isSure: true }
    // On the machine itself 8443 is as often what a container is published at that speaks plain HTTP.
    const isOwn = port === 8443 && isLoopback(target.address) === true
    if (isPlain && BY_CONVENTION.has(port) && !isOwn) return { target, port, isTls: true, isSure: false }
    if (/^(?:https|wss)$/.test(protocol.value) && port === 80)
      return { target, port, isTls: false, isSure: true }
  }
  return null
}
