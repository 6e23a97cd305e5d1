import { argumentPlace } from '../../src/deployment/places.ts'
import { serverIndex } from '../../src/deployment/build/servers.ts'
import { askServer } from '../../src/deployment/requests/ask-server.ts'
import { conf } from '../../src/engine/conf.ts'
import { defineRule } from '../../src/engine/rule.ts'
import { readLocation } from '../../src/servers/nginx/queries/locations.ts'
import { enclosingServer } from '../../src/servers/nginx/queries/servers.ts'

const site = (lines: string): string => conf`
  server {
      listen 80;
      server_name example.org;
      ${lines}
  }
`

export default defineRule({
  summary: 'The whole file system is served',
  severity: 'error',
  confidence: 'high',
  securitySeverity: 8.6,
  cwe: [552],
  since: '0.1.0',
  why: 'With `root /` every file that nginx can read is a page: `/etc/passwd`, settings, keys, the files of other sites.',
  remedy: 'Name the directory of the site',
  references: ['https://nginx.org/en/docs/http/ngx_http_core_module.html#root'],
  bad: [
    { title: 'the root of the machine', files: { 'nginx.conf': site('root «/»;') } },
    {
      title: 'by an alias',
      files: {
        'nginx.conf': site(conf`
          location /files/ {
              alias «/»;
          }
        `),
      },
    },
  ],
  good: [
    { title: 'the directory of the site', files: { 'nginx.conf': site('root /srv/www;') } },
    {
      title: 'a program in nginx that answers everything',
      files: {
        'nginx.conf': site(conf`
          root /;
          location / {
              content_by_php 'handleRequest();';
          }
        `),
      },
    },
    {
      title: 'for internal redirects alone',
      files: {
        'nginx.conf': site(conf`
          location /protected/ {
              internal;
              alias /;
          }
        `),
      },
    },
    {
      title: 'one directory of it',
      files: {
        'nginx.conf': site(conf`
          location /srv/www/ {
              root /;
          }
        `),
      },
    },
  ],
  *check(deployment) {
    const servers = serverIndex(deployment.servers)
    for (const { occurrences } of deployment.nginx) {
      for (const name of ['root', 'alias']) {
        for (const directive of occurrences.get(name) ?? []) {
          if (!/^\/+$/.test(directive.args[0]?.value ?? '')) continue
          const home = enclosingServer(directive)
          const server = home === null ? undefined : servers.get(home)
          if (server === undefined || directive.parent === null) continue
          const isLocation = directive.parent.name === 'location'
          const { modifier, name: prefix } = isLocation
            ? readLocation(directive.parent)
            : { modifier: '', name: '/' }
          if (modifier !== '' && modifier !== '^~') continue
          const url = name === 'alias' ? `${prefix.replace(/\/?$/, '/')}etc/passwd` : '/etc/passwd'
          const answer = askServer(deployment, server, url, { existing: ['/etc/passwd'] })
          if (answer?.end.kind !== 'file' || !/^\/+etc\/passwd$/.test(answer.end.path)) continue
          yield {
            at: argumentPlace(directive, 0),
            message: `\`${url}\` is answered with \`/etc/passwd\`, and every other file that nginx can read likewise`,
            label: 'the root of the file system',
          }
        }
      }
    }
  },
})
