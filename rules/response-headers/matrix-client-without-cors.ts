import { conf } from '../../src/engine/conf.ts'
import { defineRule } from '../../src/engine/rule.ts'
import type { NginxConfiguration, NginxDirective } from '../../src/servers/nginx/configuration.ts'
import { readLocation } from '../../src/servers/nginx/queries/locations.ts'
import { addedHeaders } from './_added-headers.ts'

const site = (lines: string, location = '= /.well-known/matrix/client', around = ''): string => conf`
  events {
  }
  http {
      ${around}
      server {
          listen 80;
          server_name example.org;
          location ${location} {
              ${lines}
          }
      }
  }
`
const RETURN = `return 200 '{"m.homeserver": {"base_url": "https://matrix.example.org"}}';`

export default defineRule({
  summary: 'Clients of Matrix in a browser may not read where the server of a domain is',
  severity: 'warning',
  confidence: 'high',
  since: '0.1.0',
  why: 'Element Web and others ask the domain of an account for `/.well-known/matrix/client`, from a page of another site. Without `Access-Control-Allow-Origin` the browser keeps the answer from them, and they do not find the server: “Failed to get autodiscovery configuration from server”.',
  remedy: 'Write `add_header Access-Control-Allow-Origin *;` into the location',
  references: [
    'https://spec.matrix.org/latest/client-server-api/#web-browser-clients',
    'https://element-hq.github.io/synapse/latest/setup/installation.html#client-well-known-uri',
  ],
  bad: [
    {
      title: 'a text',
      files: {
        'etc/nginx/nginx.conf': site(
          conf`
            default_type application/json;
            ${RETURN}
          `,
          '«= /.well-known/matrix/client»',
        ),
      },
    },
    {
      title: 'a file',
      files: { 'etc/nginx/nginx.conf': site('root /srv/www;', '«/.well-known/matrix/client»') },
    },
    {
      title: 'headers of the server that one of the location replaces',
      files: {
        'etc/nginx/nginx.conf': site(
          conf`
            add_header Content-Type application/json;
            ${RETURN}
          `,
          '«/.well-known/matrix/»',
          'add_header Access-Control-Allow-Origin *;',
        ),
      },
    },
  ],
  good: [
    {
      title: 'a file whose main file is not there, which may send it',
      files: {
        'nginx.conf': conf`
          server {
              listen 80;
              location = /.well-known/matrix/client {
                  ${RETURN}
              }
          }
        `,
      },
    },
    {
      title: 'with it',
      files: {
        'etc/nginx/nginx.conf': site(conf`
          default_type application/json;
          add_header Access-Control-Allow-Origin *;
          ${RETURN}
        `),
      },
    },
    {
      title: 'a backend that sends it',
      files: { 'etc/nginx/nginx.conf': site('proxy_pass http://127.0.0.1:8008;') },
    },
    {
      title: 'the file for servers',
      files: {
        'etc/nginx/nginx.conf': site(
          `return 200 '{"m.server": "matrix.example.org:443"}';`,
          '/.well-known/matrix/server',
        ),
      },
    },
    {
      title: 'a redirect to where it is',
      files: { 'etc/nginx/nginx.conf': site('return 302 https://matrix.example.org$request_uri;') },
    },
  ],
  *check({ nginx }) {
    for (const configuration of nginx) {
      if (configuration.occurrences.has('more_set_headers')) continue
      for (const location of configuration.occurrences.get('location') ?? []) {
        const at = placeIfOpen(configuration, location)
        if (at === null) continue
        yield {
          at,
          message:
            'this comes without `Access-Control-Allow-Origin`, so no client of Matrix in a browser may read it',
          label: 'no header for other sites',
          help: 'Write `add_header Access-Control-Allow-Origin *;` here',
        }
      }
    }
  },
})

/** The words of a location that surely answers itself what clients ask for, and without the header; else null. */
function placeIfOpen(configuration: NginxConfiguration, location: NginxDirective) {
  const { modifier, name, at } = readLocation(location)
  if (!/^(?:=|\^~)?$/.test(modifier) || !name.startsWith('/.well-known/matrix')) return null
  const { children } = location
  if (children.some(each => OTHERS.test(each.name))) return null
  const returned = children.find(each => each.name === 'return')
  const [status = '', text = ''] = returned?.args.map(({ value }) => value) ?? []
  const isText = status === '200' && text.includes('m.homeserver')
  const isFile =
    returned === undefined &&
    name === '/.well-known/matrix/client' &&
    children.some(each => /^(?:root|alias|try_files)$/.test(each.name))
  if (!isText && !isFile) return null
  const headers = addedHeaders(configuration, location)
  if (headers === null || headers.some(each => each.name === 'access-control-allow-origin')) return null
  const [first] = location.args
  return modifier === '' || first === undefined ? at : { ...at, start: Math.min(first.start, at.start) }
}

/** What brings the answer from elsewhere, or may set headers. */
const OTHERS =
  /_pass$|^(?:if|include|rewrite|error_page|return_by_lua\w*|more_\w+|\w*_by_lua\w*|js_\w+|limit_except)$/
