import { propose, replacePlace } from '../../src/deployment/edits.ts'
import { argumentPlace, byText } from '../../src/deployment/places.ts'
import { conf } from '../../src/engine/conf.ts'
import { defineRule } from '../../src/engine/rule.ts'
import { isReplaced } from '../../src/servers/apache/queries/directives-in.ts'
import type { ApacheConfiguration, ApacheDirective } from '../../src/servers/apache/configuration.ts'

const host = (lines: string): string => conf`
  Listen 80
  <VirtualHost *:80>
      ServerName example.org
      ${lines}
      ProxyPass /app http://127.0.0.1:8000/
  </VirtualHost>
`

export default defineRule({
  summary: 'Apache is a forward proxy for everyone',
  severity: 'error',
  confidence: 'high',
  securitySeverity: 8.6,
  cwe: [441],
  since: '0.1.0',
  why: 'With `ProxyRequests On` httpd fetches any URL for any client: it hides where attacks and spam come from, and it reaches addresses that are open to this machine alone. `ProxyPass` does not need it.',
  remedy: 'Write `ProxyRequests Off`, or restrict `<Proxy "*">` with `Require ip`',
  references: ['https://httpd.apache.org/docs/2.4/mod/mod_proxy.html#access'],
  bad: [
    { title: 'beside a reverse proxy', files: { 'site.conf': host('ProxyRequests «On»') } },
    {
      title: 'in a branch of a template that is about something else',
      files: {
        'templates/vhost.conf.j2': conf`
          <VirtualHost *:80>
              ServerName {{ name }}
              {% if backend %}
              ProxyRequests «On»
              ProxyPass / {{ backend }}
              {% endif %}
          </VirtualHost>
        `,
      },
    },
    {
      title: 'a section that opens it to everybody',
      files: {
        'site.conf': host(conf`
          ProxyRequests «On»
          <Proxy *>
              Order deny,allow
              Allow from all
          </Proxy>
        `),
      },
    },
  ],
  good: [
    {
      title: 'taken back by a later line',
      files: { 'site.conf': host('ProxyRequests On\nProxyRequests Off') },
    },
    {
      title: 'a forward proxy for some addresses, in the words of 2.2',
      files: {
        'site.conf': host(conf`
          ProxyRequests On
          <Proxy *>
              Order deny,allow
              Deny from all
              Allow from 192.168.0.0/16
          </Proxy>
        `),
      },
    },
    {
      title: 'for nobody yet',
      files: {
        'site.conf': host(conf`
          ProxyRequests On
          <Proxy *>
              Order deny,allow
              Deny from all
          </Proxy>
        `),
      },
    },
    {
      title: 'open but for one address',
      files: {
        'site.conf': host(conf`
          ProxyRequests On
          <Proxy *>
              Order allow,deny
              Allow from all
              Deny from 192.0.2.7
          </Proxy>
        `),
      },
    },
    {
      title: 'a choice that a template offers',
      files: {
        'templates/vhost.conf.j2': conf`
          <VirtualHost *:80>
              ServerName {{ name }}
              {% if forward %}
              ProxyRequests On
              {% elif forward is false %}
              ProxyRequests Off
              {% endif %}
          </VirtualHost>
        `,
        'templates/proxy.conf.j2': conf`
          <VirtualHost *:80>
              ServerName {{ name }}
              {% if item.proxy_requests | default(false) %}
              ProxyRequests On
              {% endif %}
          </VirtualHost>
        `,
      },
    },
    { title: 'off', files: { 'site.conf': host('ProxyRequests Off') } },
    {
      title: 'a forward proxy for some addresses',
      files: {
        'site.conf': host(conf`
          ProxyRequests On
          <Proxy "*">
              Require ip 192.168.0.0/16
          </Proxy>
        `),
      },
    },
  ],
  *check({ apache }) {
    for (const configuration of apache) {
      for (const [directive] of byText(configuration.occurrences.get('proxyrequests') ?? [])) {
        if (directive.args[0]?.value.toLowerCase() !== 'on' || isRestricted(configuration)) continue
        if (isReplaced(configuration, directive)) continue
        const at = argumentPlace(directive, 0)
        yield {
          at,
          message:
            '`ProxyRequests On` makes httpd a forward proxy, and no `<Proxy>` section restricts who may use it',
          label: 'any client, any URL',
          ...propose('Turn the forward proxy off', 'unsafe', [replacePlace(at, 'Off')]),
        }
      }
    }
  },
})

/** A section for proxied requests that says more than that access is granted to everyone. */
function isRestricted({ occurrences }: ApacheConfiguration): boolean {
  return ['proxy', 'proxymatch'].some(name => (occurrences.get(name) ?? []).some(restricts))
}

function restricts({ children }: ApacheDirective): boolean {
  return children.some(
    ({ name, args, section, ...rest }) =>
      (/^require$/i.test(name) && !/^granted$/i.test(args[1]?.value ?? '')) ||
      /^(?:deny|authtype)$/i.test(name) ||
      // What no `Allow` names is denied then.
      (/^order$/i.test(name) && /^allow,deny$/i.test(args[0]?.value ?? '') && !allowsAll(children)) ||
      (section && rest.children.length > 0),
  )
}

function allowsAll(lines: readonly ApacheDirective[]): boolean {
  return lines.some(
    ({ name, args }) => /^allow$/i.test(name) && args.some(({ value }) => /^all$/i.test(value)),
  )
}
