import { isUnknownWord } from '../../parsers/text/source.ts'
import { propose, insertAfter } from '../../src/deployment/edits.ts'
import { argumentPlace } from '../../src/deployment/places.ts'
import { conf } from '../../src/engine/conf.ts'
import { defineRule } from '../../src/engine/rule.ts'
import type { NginxDirective } from '../../src/servers/nginx/configuration.ts'
import { nginxDirective } from '../../src/servers/nginx/directives.ts'
import { swallowedDirective } from '../../src/servers/nginx/queries/swallowed.ts'
import { nginxMain, nginxServer } from '../_examples.ts'

const nginx = (lines: string): string => nginxMain(nginxServer(lines))

export default defineRule({
  summary: 'A line does not end in `;`, so nginx reads the next one as its end',
  severity: 'error',
  confidence: 'high',
  since: '0.1.0',
  why: '`index`, `gzip_types`, `try_files` and others take any words. Where their `;` is lost, the name of the next directive and its value are further words, `nginx -t` finds nothing wrong, and what the next line sets is not set. In a template nobody asks nginx before the file is filled in: it refuses the line then.',
  remedy: 'End the line in `;`',
  references: ['https://nginx.org/en/docs/beginners_guide.html#conf_structure'],
  bad: [
    {
      title: 'the document root for a start page',
      files: {
        'etc/nginx/nginx.conf': nginx(conf`
          index index.html
          «root» /srv/www;
        `),
      },
    },
    {
      title: 'in front of the caching of a location',
      files: {
        'etc/nginx/nginx.conf': nginx(conf`
          root /srv/www;
          location /css/ {
              try_files $uri /missing.css =404
              «expires» 30d;
          }
        `),
      },
    },
    {
      title: 'the smallest answer for a type',
      files: {
        'etc/nginx/nginx.conf': nginxMain(conf`
          gzip_types text/css application/json
          «gzip_min_length» 1000;
          server {
              listen 80;
              root /srv/www;
          }
        `),
      },
    },
    {
      title: 'behind a placeholder of a template',
      files: {
        'site.conf.j2': conf`
          server {
              listen {{ address }}:8080
              «server_name» {{ domain }};
              location / {
                  proxy_pass http://{{ backend }}:8000
                  «proxy_set_header» Host $host;
              }
          }
        `,
      },
    },
  ],
  good: [
    {
      title: 'words on lines of their own',
      files: {
        'etc/nginx/nginx.conf': nginxMain(conf`
          gzip_types
              text/css
              application/json;
          log_format short
              '$remote_addr $request '
              '$status';
          server {
              listen 80;
              root /srv/www;
              index
                  index.html
                  root
                  index.php;
              location / {
                  try_files
                      $uri
                      $uri/
                      /index.html;
              }
          }
        `),
      },
    },
    {
      title: 'a line whose end a template fills in',
      files: {
        'nginx.conf.j2': conf`
          log_format {{ format }}
          access_log /dev/stdout main;
          server {
              listen 80;
          }
        `,
      },
    },
    {
      title: 'names that are directives elsewhere',
      files: {
        'etc/nginx/nginx.conf': nginx(conf`
          root /srv/www;
          index index.html
                events pid;
        `),
      },
    },
  ],
  // What `server_name` takes for names is `canonical-url/server-name-malformed`; the others are counted by nginx.
  *check({ nginx: configurations }) {
    for (const { occurrences } of configurations) {
      for (const [name, directives] of occurrences) {
        const takesAny = TAKES_ANY_WORD.test(name)
        for (const directive of directives) {
          if (takesAny ? directive.args.length < 3 : !isFilledIn(directive)) continue
          const index = swallowedDirective(directive)
          if (index === null) continue
          const before = argumentPlace(directive, index - 1)
          const swallowed = directive.args[index]?.value ?? ''
          yield {
            at: argumentPlace(directive, index),
            message: `\`${swallowed}\` is a word of \`${name}\` here, as the line above does not end in \`;\``,
            label: 'no directive here',
            related: [{ at: before, message: 'no `;` behind it' }],
            ...propose('End the line above in `;`', 'unsafe', [insertAfter(before, ';')]),
          }
        }
      }
    }
  },
})

/** Directives with any number of words, none of which nginx compares with a list. */
const TAKES_ANY_WORD =
  /^(?:index|try_files|valid_referers|log_format|resolver|proxy_cache_key)$|_types$|_(?:no_cache|cache_bypass)$/

/** True for a line of a template of which nginx’s own check does not know what stands there. */
function isFilledIn({ source, args, name, children }: NginxDirective): boolean {
  return (
    source.template &&
    args.length > 2 &&
    children.length === 0 &&
    // Of names that is another rule’s.
    name !== 'server_name' &&
    args.some(({ value }) => isUnknownWord(value)) &&
    nginxDirective(name).length > 0
  )
}
