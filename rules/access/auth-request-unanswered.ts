import { serversAround } from '../../src/deployment/build/servers.ts'
import { argumentPlace } from '../../src/deployment/places.ts'
import { propose, replacePlace } from '../../src/deployment/edits.ts'
import { isUnknownWord } from '../../parsers/text/source.ts'
import { conf } from '../../src/engine/conf.ts'
import { defineRule } from '../../src/engine/rule.ts'
import type { NginxDirective } from '../../src/servers/nginx/configuration.ts'
import { locationsOf, PASSES } from '../../src/servers/nginx/queries/locations.ts'
import { hasUnreadInclude } from '../../src/servers/nginx/queries/scope.ts'
import { selectLocation } from '../../src/servers/nginx/queries/select-location.ts'
import { isUnseenServer, serverAround } from '../../src/servers/nginx/queries/servers.ts'
import { toBytes } from '../../src/servers/regex.ts'
import { nginxMain, nginxServer } from '../_examples.ts'

const nginx = (uri: string, fallback: string): string =>
  nginxMain(
    nginxServer(conf`
      root /srv/www;
      location / {
          auth_request ${uri};
          try_files $uri ${fallback};
      }
      location = /verify {
          internal;
          proxy_pass http://127.0.0.1:9001;
          proxy_pass_request_body off;
          proxy_set_header Content-Length "";
      }
    `),
  )

export default defineRule({
  summary: '`auth_request` asks a path that no location is there for',
  severity: 'error',
  confidence: 'high',
  securitySeverity: 7.5,
  cwe: [863],
  since: '0.1.0',
  why: 'The question goes to whatever answers that path. Files say 404, which nginx turns to 500 for every request; the start page of an application, to which `try_files` falls back, says 200, and everybody is let in.',
  remedy: 'Write a `location = …` of that path which asks the server that knows who may come in',
  references: ['https://nginx.org/en/docs/http/ngx_http_auth_request_module.html'],
  bad: [
    {
      title: 'a path that the start page answers',
      files: { 'etc/nginx/nginx.conf': nginx('«/auth»', '/index.html') },
    },
    {
      title: 'a path without its slash',
      files: { 'etc/nginx/nginx.conf': nginx('«verify»', '/index.html') },
    },
    {
      title: 'a path that nothing answers',
      files: { 'etc/nginx/nginx.conf': nginx('«/auth»', '=404') },
    },
  ],
  good: [
    { title: 'none', files: { 'etc/nginx/nginx.conf': nginx('off', '/index.html') } },
    { title: 'its own location', files: { 'etc/nginx/nginx.conf': nginx('/verify', '/index.html') } },
    {
      title: 'a path of the application',
      files: {
        'etc/nginx/nginx.conf': nginxMain(
          nginxServer(conf`
            location / {
                proxy_pass http://127.0.0.1:9000;
            }
            location /files/ {
                auth_request /api/me;
                root /srv;
            }
          `),
        ),
      },
    },
  ],
  *check(deployment) {
    for (const configuration of deployment.nginx) {
      const lines = configuration.occurrences.get('auth_request')
      if (lines === undefined) continue
      if ([...configuration.occurrences.keys()].some(name => /lua|^js_|^perl/.test(name))) continue
      for (const line of lines) {
        const uri = line.args[0]?.value ?? ''
        const server = serverAround(line)
        if (server === null || uri.includes('$') || isUnknownWord(uri)) continue
        if (/^[\w-]/.test(uri) && uri !== 'off') {
          const taken = selectLocation(configuration, server, toBytes(uri))
          if (!taken.known || taken.value.location !== null) continue
          yield {
            at: argumentPlace(line, 0),
            message: `\`${uri}\` does not begin with a slash, so no location has it and nginx answers every request with 500`,
            ...propose('Begin with a slash', 'unsafe', [replacePlace(argumentPlace(line, 0), `/${uri}`)]),
          }
          continue
        }
        if (!uri.startsWith('/')) continue
        if (!serversAround(deployment).has(server) || isUnseenServer(server)) continue
        if (hasUnreadInclude(configuration, server) || rewrites(server)) continue
        const selected = selectLocation(configuration, server, toBytes(uri))
        if (!selected.known) continue
        const block = selected.value.location?.directive ?? server
        if (block !== server && (isMeant(block, uri) || locationsOf(block).length > 0)) continue
        const answering = ANSWERS.find(name => block.children.some(child => child.name === name))
        if (answering !== undefined) continue
        const fallback = block.children.find(({ name }) => name === 'try_files')?.args.at(-1)?.value
        if (fallback?.startsWith('@')) continue
        const isPage = fallback !== undefined && /\.html?$/.test(fallback)
        yield {
          at: argumentPlace(line, 0),
          message: isPage
            ? `no location is there for \`${uri}\`, so \`${fallback}\` answers it with 200 and everybody is let in`
            : `no location is there for \`${uri}\`, so nginx looks for a file and answers every request with 500`,
        }
      }
    }
  },
})

/** What answers in place of a file. */
const ANSWERS = [...PASSES, 'return', 'rewrite', 'if', 'empty_gif', 'api', 'auth_jwt']

function rewrites(server: NginxDirective): boolean {
  return server.children.some(({ name }) => name === 'rewrite' || name === 'return' || name === 'if')
}

/** True for a location that is written for this path, or for a directory above it. */
function isMeant({ args }: NginxDirective, uri: string): boolean {
  const name = args.at(-1)?.value ?? ''
  return (
    name !== '/' && (args.length > 1 ? args[0]?.value === '=' || uri.startsWith(name) : uri.startsWith(name))
  )
}
