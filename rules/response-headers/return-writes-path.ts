import { argumentPlace } from '../../src/deployment/places.ts'
import { conf } from '../../src/engine/conf.ts'
import { defineRule } from '../../src/engine/rule.ts'
import type { NginxConfiguration, NginxDirective } from '../../src/servers/nginx/configuration.ts'
import { effectiveValue } from '../../src/servers/nginx/queries/effective.ts'
import { readLocation } from '../../src/servers/nginx/queries/locations.ts'
import { decodedVariable } from '../_decoded-text.ts'
import { nginxMain, nginxServer } from '../_examples.ts'

const nginx = (lines: string): string => nginxMain(nginxServer(lines))

export default defineRule({
  summary: 'The decoded path goes into a page, where it may be a script',
  severity: 'warning',
  confidence: 'high',
  securitySeverity: 6.1,
  cwe: [79],
  since: '0.1.0',
  why: '`$uri` is the path after decoding, and `return` writes it as it is: a link to `/%3Cscript%3E…` makes a page of this site that runs somebody else’s script, with the cookies of whoever follows it.',
  remedy: 'Leave the path out of the page, or write `$request_uri`, which is as the browser encoded it',
  references: ['https://cwe.mitre.org/data/definitions/79.html'],
  bad: [
    {
      title: 'a page for what is missing',
      files: {
        'etc/nginx/nginx.conf': nginx(conf`
          root /srv/www;
          error_page 404 @missing;
          location @missing {
              default_type text/html;
              return 404 «"<h1>Not found</h1><p>Nothing is at $uri.</p>"»;
          }
        `),
      },
    },
    {
      title: 'the type of the whole server',
      files: {
        'etc/nginx/nginx.conf': nginx(conf`
          default_type text/html;
          location / {
              return 200 «"You asked for $document_uri"»;
          }
        `),
      },
    },
  ],
  good: [
    {
      title: 'the path as it was sent',
      files: {
        'etc/nginx/nginx.conf': nginx(conf`
          default_type text/html;
          location / {
              return 200 "You asked for $request_uri";
          }
        `),
      },
    },
    {
      title: 'plain text',
      files: {
        'etc/nginx/nginx.conf': nginx(conf`
          default_type text/plain;
          location / {
              return 200 "You asked for $uri";
          }
        `),
      },
    },
    {
      title: 'a redirect',
      files: {
        'etc/nginx/nginx.conf': nginx(conf`
          default_type text/html;
          location = /old {
              return 302 $uri/new;
          }
        `),
      },
    },
    {
      title: 'one path alone',
      files: {
        'etc/nginx/nginx.conf': nginx(conf`
          default_type text/html;
          location = /status {
              return 200 "This is $uri";
          }
        `),
      },
    },
  ],
  *check({ nginx: configurations }) {
    for (const configuration of configurations) {
      for (const line of configuration.occurrences.get('return') ?? []) {
        const [status, text] = line.args
        if (status === undefined || text === undefined || !text.value.includes('uri')) continue
        if (!/^[245]\d\d$/.test(status.value) || line.parent === null) continue
        const variable = decodedVariable(text.value, line, configuration.occurrences)
        if (variable === null || !/uri$/.test(variable) || !isPage(configuration, line.parent)) continue
        yield {
          at: argumentPlace(line, 1),
          message: `\`$${variable}\` is decoded, so \`/%3Cscript%3E…\` writes a script into this page`,
          label: 'not escaped',
        }
      }
    }
  },
})

/** True where what is sent is HTML for a browser, whatever the path ends in. */
function isPage(configuration: NginxConfiguration, block: NginxDirective): boolean {
  const location = block.name === 'if' ? block.parent : block
  if (location?.name === 'location' && /^~/.test(readLocation(location).modifier)) return false
  const type = effectiveValue(configuration, block, 'default_type', 'text/plain')
  return type.known && /^(?:text\/html|application\/xhtml\+xml)/i.test(type.value)
}
