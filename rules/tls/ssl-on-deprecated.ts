import { branchesAt } from '../../src/servers/presence.ts'
import { insertAfter, propose, removeDirective } from '../../src/deployment/edits.ts'
import { argumentPlace, byText, namePlace } from '../../src/deployment/places.ts'
import { releasesWith } from '../../src/deployment/upstream-release.ts'
import type { Deployment } from '../../src/deployment/model.ts'
import { conf } from '../../src/engine/conf.ts'
import { defineRule } from '../../src/engine/rule.ts'
import type { NginxDirective } from '../../src/servers/nginx/configuration.ts'
import { isForOlderNginx } from '../../src/servers/release-in-path.ts'
import { compareVersions, isAtLeast } from '../../src/servers/version.ts'

const KEYS = conf`
  ssl_certificate /etc/ssl/a.pem;
  ssl_certificate_key /etc/ssl/a.key;
`

export default defineRule({
  summary: '`ssl on` is deprecated, and gone from nginx 1.25.1',
  severity: 'warning',
  otherSeverities: {
    error: 'for nginx 1.25.1 and newer, which refuse to start',
    info: 'in a directory for a release of a distribution whose nginx is older, such as `debian/9`',
  },
  confidence: 'high',
  since: '0.1.0',
  why: 'The directive turns every socket of the server to TLS, port 80 too; since 1.25.1 nginx does not know it and refuses the whole configuration, so the next upgrade takes every site down.',
  remedy: 'Write `listen 443 ssl;` and drop `ssl on;`',
  references: ['https://nginx.org/en/docs/http/ngx_http_ssl_module.html#ssl', 'https://nginx.org/en/CHANGES'],
  bad: [
    {
      title: 'the directive of nginx 0.7',
      files: {
        'nginx.conf': conf`
          server {
              listen 443;
              server_name example.org;
              «ssl» on;
              ${KEYS}
          }
        `,
        '.auditrc': conf`
          versions:
            nginx: 1.22.1
        `,
      },
    },
  ],
  good: [
    {
      title: 'TLS as a property of the socket',
      files: {
        'nginx.conf': conf`
          server {
              listen 443 ssl;
              server_name example.org;
              ${KEYS}
          }
        `,
      },
    },
    {
      title: 'a template that asks for the version',
      files: {
        'nginx.conf.j2': conf`
          server {
              listen 443;
              {% if nginx_version is version('1.15', '<') %}
              ssl on;
              {% endif %}
              server_name example.org;
              ${KEYS}
          }
        `,
      },
    },
    {
      title: 'turned off, which changes nothing',
      files: {
        'nginx.conf': conf`
          server {
              listen 80;
              ssl off;
          }
        `,
        '.auditrc': conf`
          versions:
            nginx: 1.22.1
        `,
      },
    },
    {
      title: 'a form that an image has whose nginx takes it for ordinary',
      files: {
        'docker-compose.yml': conf`
          services:
            web:
              build: web
              ports: ['443:443']
            desk:
              image: node:22
              volumes: ['.:/srv']
        `,
        'web/Dockerfile': conf`
          FROM nginx:1.13-alpine
          COPY forms /opt/forms
          COPY certificates /etc/ssl/
          CMD ["/opt/forms/start"]
        `,
        'web/forms/start': conf`
          #!/bin/sh
          cp /opt/forms/tls.conf /etc/nginx/conf.d/default.conf
          exec nginx -g 'daemon off;'
        `,
        'web/forms/tls.conf': conf`
          server {
              listen 443;
              server_name example.org;
              ssl on;
              ${KEYS}
          }
        `,
      },
    },
    {
      title: 'nginx before 0.7.14, which knows no other way',
      files: {
        'nginx.conf': conf`
          server {
              listen 443;
              ssl on;
              ${KEYS}
          }
        `,
        '.auditrc': conf`
          versions:
            nginx: 0.7.10
        `,
      },
    },
  ],
  *check(deployment) {
    for (const { occurrences, version } of deployment.nginx) {
      if (version.from !== 'assumed' && compareVersions(version.value, '0.7.14') < 0) continue
      const isGone = version.from !== 'assumed' && isAtLeast(version, '1.25.1')
      for (const [directive, ...others] of byText(occurrences.get('ssl') ?? [])) {
        if (directive.context.startsWith('mail') || directive.args[0]?.value.toLowerCase() !== 'on') continue
        if (asksForVersion(directive)) continue
        // On port 80 it does harm today, which `ssl-on-hits-plain-listen` says.
        if (hasPlainPort(directive)) continue
        if (version.from === 'assumed' && isForOldImages(deployment, directive)) continue
        const places = directive.context === 'server' ? 'servers' : 'times'
        const count = others.length === 0 ? '' : ` (included ${others.length + 1} ${places})`
        yield {
          at: namePlace(directive),
          severity: isGone ? 'error' : isForOlderNginx(directive.source.path) ? 'info' : 'warning',
          message: isGone
            ? `nginx ${version.value} has no \`ssl\` directive${count}: TLS is a parameter of \`listen\``
            : `\`ssl on\` is deprecated${count}, and nginx 1.25.1 and newer refuse to start with it`,
          ...(others.length === 0 ? moveToListen(directive) : {}),
        }
      }
    }
  },
})

/** True in a branch of a template whose condition is about a version: whoever wrote it knows. */
function asksForVersion({ source, node }: NginxDirective): boolean {
  return branchesAt(source, node.start).some(({ condition }) => /version/i.test(condition))
}

/** True for a file of images alone whose nginx does not yet say that the directive is deprecated. */
function isForOldImages(deployment: Deployment, { source }: NginxDirective): boolean {
  const releases = releasesWith(deployment, source, 'nginx')
  return releases.length > 0 && releases.every(release => !isAtLeast(release, '1.15'))
}

function hasPlainPort(directive: NginxDirective): boolean {
  return (
    directive.parent?.children.some(
      ({ name, args }) => name === 'listen' && /(?:^|:)80$/.test(args[0]?.value ?? ''),
    ) === true
  )
}

/** The same sockets, spelt as today: only where every `listen` of the server stands beside it. */
function moveToListen(directive: NginxDirective) {
  const listens = directive.parent?.children.filter(({ name }) => name === 'listen') ?? []
  if (directive.context !== 'server' || listens.length === 0) return {}
  // A server that listens on 80 as well speaks TLS there today, which nobody wants: that is for a human.
  if (!listens.every(listen => /(?:^|:)443$/.test(listen.args[0]?.value ?? ''))) return {}
  if (!listens.every(listen => listen.source === directive.source)) return {}
  return propose('Make TLS a parameter of `listen`', 'safe', [
    removeDirective(directive),
    ...listens
      .filter(({ args }) => !args.some(({ value }) => value === 'ssl'))
      .map(listen => insertAfter(argumentPlace(listen, listen.args.length - 1), ' ssl')),
  ])
}
