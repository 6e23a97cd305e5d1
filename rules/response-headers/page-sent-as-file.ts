import type { NginxConfiguration, NginxDirective } from '../../src/servers/nginx/configuration.ts'
import { indentationAt, insertBefore, propose } from '../../src/deployment/edits.ts'
import { argumentPlace, namePlace } from '../../src/deployment/places.ts'
import { conf } from '../../src/engine/conf.ts'
import { defineRule } from '../../src/engine/rule.ts'
import { effective } from '../../src/servers/nginx/queries/effective.ts'
import { readLocation } from '../../src/servers/nginx/queries/locations.ts'
import { nginxMain, nginxServer } from '../_examples.ts'
import { addedHeaders } from './_added-headers.ts'

const nginx = (lines: string, http = 'default_type application/octet-stream;'): string =>
  nginxMain([http, nginxServer(lines)])

export default defineRule({
  summary: 'A page of `return` is saved by browsers, or shown as its source',
  severity: 'warning',
  confidence: 'high',
  since: '0.1.0',
  why: 'The type of what `return` sends is that of the ending of the URL, else `default_type`: with `application/octet-stream`, as distributions set it, browsers save the page as a file; with nginx’s own `text/plain` they show its tags.',
  remedy: 'Write `default_type text/html;` beside the `return`',
  references: [
    'https://nginx.org/en/docs/http/ngx_http_core_module.html#default_type',
    'https://nginx.org/en/docs/http/ngx_http_rewrite_module.html#return',
  ],
  bad: [
    {
      title: 'a page that is saved',
      files: {
        'etc/nginx/nginx.conf': nginx(conf`
          location / {
              return 503 «"<html><body>Back soon</body></html>"»;
          }
        `),
      },
    },
    {
      title: 'a page that is shown as its source',
      files: {
        'etc/nginx/nginx.conf': nginx(
          conf`
            location / {
                return 200 «'<h1>Under construction</h1>'»;
            }
          `,
          '',
        ),
      },
    },
  ],
  good: [
    {
      title: 'with its type',
      files: {
        'etc/nginx/nginx.conf': nginx(conf`
          location / {
              default_type text/html;
              return 503 "<html><body>Back soon</body></html>";
          }
        `),
      },
    },
    {
      title: 'a text for programs, a header, and the ending of the URL',
      files: {
        'etc/nginx/nginx.conf': nginx(conf`
          location = /health {
              return 200 "ok";
          }
          location = /page.html {
              return 200 "<p>A page</p>";
          }
          location = /feed {
              add_header Content-Type application/rss+xml;
              return 200 "<rss/>";
          }
        `),
      },
    },
  ],
  *check({ nginx: configurations }) {
    for (const configuration of configurations) {
      for (const line of configuration.occurrences.get('return') ?? []) {
        const [code, text] = line.args
        if (
          text === undefined ||
          !/^\s*<(?:!doctype|html|head|body|h[1-6]|p|div|title|meta|pre)\b/i.test(text.value)
        )
          continue
        if (!/^[245]\d\d$/.test(code?.value ?? '') || line.parent === null) continue
        const type = typeInForce(configuration, line.parent)
        if (type === null || hasEnding(line.parent) || setsType(configuration, line.parent)) continue
        const at = namePlace(line)
        yield {
          at: argumentPlace(line, 1),
          message:
            type === 'text/plain'
              ? 'this page is sent as `text/plain`, so browsers show its tags'
              : `this page is sent as \`${type}\`, so browsers save it as a file`,
          label: `sent as ${type}`,
          ...(line.parent.name === 'if'
            ? {}
            : propose('Send it as a page', 'unsafe', [
                insertBefore(at, `default_type text/html;\n${indentationAt(at)}`),
              ])),
        }
      }
    }
  },
})

/** The `default_type` in force where it is one that browsers show no page for; null for another, or an unknown one. */
function typeInForce(configuration: NginxConfiguration, block: NginxDirective): string | null {
  const fact = effective(configuration, block, 'default_type')
  if (!fact.known) return configuration.stockMain === true ? 'application/octet-stream' : null
  const type = fact.value.directives.at(-1)?.args[0]?.value ?? 'text/plain'
  return type === 'text/plain' || type === 'application/octet-stream' ? type : null
}

/** True where the URLs of the block may have an ending, which gives the type. */
function hasEnding(block: NginxDirective): boolean {
  for (let level: NginxDirective | null = block; level !== null; level = level.parent) {
    if (level.name !== 'location') continue
    const { name, modifier } = readLocation(level)
    if (modifier === '=' || modifier.startsWith('~')) return /\.[^/]+$/.test(name)
    return modifier === '@'
  }
  return false
}

function setsType(configuration: NginxConfiguration, block: NginxDirective): boolean {
  const added = addedHeaders(configuration, block)
  return added === null || added.some(({ name }) => name === 'content-type' || name === 'content-disposition')
}
