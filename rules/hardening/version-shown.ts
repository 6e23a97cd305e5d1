import { propose, replacePlace } from '../../src/deployment/edits.ts'
import { argumentPlace } from '../../src/deployment/places.ts'
import { conf } from '../../src/engine/conf.ts'
import { defineRule } from '../../src/engine/rule.ts'
import { apacheMain, nginxMain, nginxServer } from '../_examples.ts'
import {
  apacheLine,
  httpPlace,
  isReached,
  mainPlace,
  nginxLine,
  reachedHosts,
  reachedServers,
} from './_servers.ts'

export default defineRule({
  summary: 'Answers name the version of the server',
  severity: 'info',
  confidence: 'high',
  since: '0.1.0',
  why: 'The `Server` header, and the pages that the server makes of errors, tell the release. Whoever looks for servers with a known fault finds it faster; a server that is up to date loses nothing by it.',
  remedy:
    'Write `server_tokens off;` in nginx’s `http`, `ServerTokens Prod` and `ServerSignature Off` in Apache',
  controls: ['CIS nginx 2.5.1', 'CIS Apache 8.1', 'CIS Apache 8.2', 'dev-sec nginx-05', 'dev-sec apache-07'],
  references: [
    'https://nginx.org/en/docs/http/ngx_http_core_module.html#server_tokens',
    'https://httpd.apache.org/docs/2.4/mod/core.html#servertokens',
  ],
  bad: [
    {
      title: 'nginx as it comes',
      files: { 'etc/nginx/nginx.conf': nginxMain(nginxServer('root /srv/www;')).replace('http', '«http»') },
    },
    {
      title: 'one server has it on',
      files: {
        'etc/nginx/nginx.conf': nginxMain(conf`
          server_tokens off;
          ${nginxServer('server_tokens «build»;')}
        `),
      },
    },
    {
      title: 'Apache as Debian sets it up',
      files: {
        'etc/apache2/apache2.conf': apacheMain(conf`
          Listen 80
          ServerTokens «OS»
          ServerSignature «On»
          DocumentRoot /srv/www
        `),
      },
    },
  ],
  good: [
    {
      title: 'switched off',
      files: { 'etc/nginx/nginx.conf': nginxMain(['server_tokens off;', nginxServer('root /srv/www;')]) },
    },
    {
      title: 'a word of its own in Apache, and no signature by default',
      files: { 'etc/apache2/apache2.conf': apacheMain(['Listen 80', 'ServerTokens Prod']) },
    },
    {
      title: 'a backend, whose header nginx replaces',
      files: { 'etc/apache2/apache2.conf': apacheMain(['Listen 127.0.0.1:9000', 'ServerTokens OS']) },
    },
    { title: 'a fragment, whose http may say it', files: { 'site.conf': nginxServer('root /srv/www;') } },
  ],
  *check(deployment) {
    for (const server of reachedServers(deployment)) {
      const line = nginxLine(server, 'server_tokens')
      if (line === undefined) continue
      const value = line?.args[0]?.value.toLowerCase() ?? 'on'
      if (value !== 'on' && value !== 'build') continue
      const at = line === null ? httpPlace(server) : argumentPlace(line, 0)
      yield {
        at,
        per: 'servers',
        message: often => `the \`Server\` header and error pages name the version of nginx${often}`,
        ...(line !== null && propose('Leave the version out', 'unsafe', [replacePlace(at, 'off')])),
      }
    }
    for (const configuration of deployment.apache) {
      if (!isReached(deployment, configuration)) continue
      const line = apacheLine({ configuration, host: null }, 'ServerTokens')
      if (line === undefined) continue
      const value = line?.args[0]?.value ?? 'Full'
      const at = line === null ? mainPlace(configuration) : argumentPlace(line, 0)
      if (at === null || !/^(?:major|minor|min(?:imal)?|os|full)$/i.test(value)) continue
      yield {
        at,
        aspect: 'ServerTokens',
        message: `\`ServerTokens ${value}\`${line === null ? ', the default,' : ''} names the version of Apache in the \`Server\` header`,
        ...(line !== null && propose('Leave the version out', 'unsafe', [replacePlace(at, 'Prod')])),
      }
    }
    for (const asked of reachedHosts(deployment)) {
      const line = apacheLine(asked, 'ServerSignature')
      if (line == null || !/^(?:on|email)$/i.test(line.args[0]?.value ?? '')) continue
      const at = argumentPlace(line, 0)
      yield {
        at,
        per: 'virtual hosts',
        message: often => `pages of errors and listings end with the name of the server${often}`,
        ...propose('Leave the signature out', 'unsafe', [replacePlace(at, 'Off')]),
      }
    }
  },
})
