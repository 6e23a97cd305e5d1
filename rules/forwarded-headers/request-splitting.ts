import { propose, replacePlace } from '../../src/deployment/edits.ts'
import { argumentPlace } from '../../src/deployment/places.ts'
import { placeText } from '../../parsers/text/source.ts'
import { conf } from '../../src/engine/conf.ts'
import { defineRule } from '../../src/engine/rule.ts'
import { decodedVariable } from '../_decoded-text.ts'

const site = (lines: string, location = '/'): string => conf`
  server {
      listen 80;
      server_name example.org;
      location ${location} {
          ${lines}
      }
  }
`

export default defineRule({
  summary:
    'The decoded path goes into the request to the backend, where a client can write headers and requests of its own',
  severity: 'error',
  confidence: 'high',
  securitySeverity: 8.1,
  cwe: [113],
  since: '0.1.0',
  why: '`$uri` and what is captured of it hold the path after decoding. In `proxy_pass` with variables and in `proxy_set_header` they are sent as they are: `%0d%0a` in a URL ends the line, and what follows is another header, or a whole request that no rule of nginx has seen.',
  remedy:
    'Leave the URI out of `proxy_pass`, or write `$request_uri`; capture no more than the characters that are meant',
  references: ['https://cwe.mitre.org/data/definitions/93.html'],
  bad: [
    {
      title: 'the path behind the backend',
      files: { 'nginx.conf': site('proxy_pass «http://127.0.0.1:9000$uri$is_args$args»;') },
    },
    {
      title: 'a header',
      files: {
        'nginx.conf': site(conf`
          proxy_pass http://127.0.0.1:9000;
          proxy_set_header X-Original-Path «$uri»;
        `),
      },
    },
    {
      title: 'a part of the path',
      files: {
        'nginx.conf': site('proxy_pass «http://127.0.0.1:9000/get/$1»;', '~ ^/files/([^/]*)$'),
      },
    },
    {
      title: 'the path, by way of a variable of the location',
      files: {
        'nginx.conf': site(conf`
          set $backend http://127.0.0.1:9000$uri;
          proxy_pass «$backend»;
        `),
      },
    },
    {
      title: 'a part of the path that has a name',
      files: {
        'nginx.conf': site('proxy_pass «http://127.0.0.1:9000/get/$file»;', '~ ^/files/(?<file>[^?]*)$'),
      },
    },
    {
      title: 'clients that another server lets in, whatever they ask for',
      files: {
        'nginx.conf': conf`
          server {
              listen 80;
              location ~ ^/files/([^/]*)$ {
                  auth_request /session;
                  proxy_pass «http://127.0.0.1:9000/get/$1»;
              }
              location = /session {
                  internal;
                  proxy_pass http://127.0.0.1:9001;
                  proxy_set_header X-Original-URI $request_uri;
              }
          }
        `,
      },
    },
    {
      title: 'an internal location that gets a path of the client',
      files: {
        'nginx.conf': conf`
          server {
              listen 80;
              location ~ ^/files/([^/]+)/([^/]+)$ {
                  rewrite ^/files/([^/]+)/([^/]+)$ /stored/$1/$2 last;
              }
              location ~ ^/stored/([^/]+)/([^/]+)$ {
                  internal;
                  proxy_pass «http://127.0.0.1:9000/$1/$2»;
              }
          }
        `,
      },
    },
    {
      title: 'a rewrite that leaves other paths as they are',
      files: {
        'nginx.conf': conf`
          server {
              listen 80;
              server_name example.org;
              location / {
                  rewrite ^/shop(/.*) $1 break;
                  proxy_pass «http://127.0.0.1:9000$uri»;
              }
          }
        `,
      },
    },
  ],
  good: [
    {
      title: 'a location that a module alone asks',
      files: {
        'nginx.conf': conf`
          server {
              listen 80;
              location ~ /proxy/([^/]+)/(.*) {
                  internal;
                  resolver 127.0.0.53;
                  proxy_pass $1://$2;
              }
              location /hls/ {
                  vod hls;
                  vod_remote_upstream_location /proxy;
              }
          }
        `,
      },
    },
    {
      title: 'the request as it was sent',
      files: { 'nginx.conf': site('proxy_pass http://127.0.0.1:9000$request_uri;') },
    },
    {
      title: 'a URL that another server has signed, and verifies as it was sent',
      files: {
        'nginx.conf': conf`
          server {
              listen 80;
              resolver 127.0.0.53;
              location ~ ^/storage/([^/]+)/([^/]+)/(.+) {
                  auth_request /verify;
                  proxy_pass $1://$2/$3$is_args$args;
                  proxy_set_header Host $2;
              }
              location = /verify {
                  internal;
                  proxy_pass http://127.0.0.1:9001;
                  proxy_set_header X-Original-URI $request_uri;
              }
          }
        `,
      },
    },
    { title: 'no URI', files: { 'nginx.conf': site('proxy_pass http://127.0.0.1:9000;') } },
    {
      title: 'what is captured of the request as it was sent',
      files: {
        'nginx.conf': conf`
          server {
              listen 80;
              resolver 127.0.0.53;
              location / {
                  rewrite ^ $request_uri;
                  location ~ ^/fetch/([^/]+)(/.*) {
                      proxy_set_header Host $1;
                      proxy_pass http://$1$2$is_args$args;
                  }
              }
          }
        `,
      },
    },
    {
      title: 'a path that a rewrite makes of the request as it was sent',
      files: {
        'nginx.conf': conf`
          server {
              listen 80;
              server_name example.org;
              location /shop/ {
                  rewrite ^ $request_uri;
                  rewrite ^(/shop)?(/.*) $2 break;
                  proxy_pass http://127.0.0.1:9000$uri;
              }
          }
        `,
      },
    },
    {
      title: 'a path that a rewrite cuts at its first line end',
      files: {
        'nginx.conf': conf`
          server {
              listen 80;
              server_name example.org;
              location /shop/ {
                  rewrite ^/shop(/.*) $1 break;
                  proxy_pass http://127.0.0.1:9000$uri;
              }
          }
        `,
      },
    },
    {
      title: 'a header with the request as it was sent',
      files: {
        'nginx.conf': site(conf`
          proxy_pass http://127.0.0.1:9000;
          proxy_set_header X-Original-URI $request_uri;
        `),
      },
    },
    {
      title: 'a variable that a condition sets too, and a part with a name that holds no line end',
      files: {
        'nginx.conf': [
          site(conf`
            set $path $uri;
            if ($request_uri ~ "^([^?]*)") {
                set $path $1;
            }
            proxy_pass http://127.0.0.1:9000$path;
          `),
          site('proxy_pass http://127.0.0.1:9000/get/$file;', '~ ^/files/(?<file>\\w+)$'),
        ].join('\n'),
      },
    },
    {
      title: 'a part of the path without line ends',
      files: { 'nginx.conf': site('proxy_pass http://127.0.0.1:9000/get/$1;', '~ ^/files/(.*)$') },
    },
  ],
  *check({ nginx }) {
    for (const { occurrences } of nginx) {
      for (const [name, index] of [
        ['proxy_pass', 0],
        ['proxy_set_header', 1],
        ['grpc_set_header', 1],
      ] as const) {
        for (const directive of occurrences.get(name) ?? []) {
          const variable = decodedVariable(directive.args[index]?.value ?? '', directive, occurrences)
          if (variable === null) continue
          const at = argumentPlace(directive, index)
          const written = placeText(at)
          const whole = written
            .replace(/\$uri(?:\$is_args|\?)\$args$/, '$request_uri')
            .replace(/^\$uri$/, '$request_uri')
          yield {
            at,
            message: `\`${name}\` sends \`$${variable}\` as it is decoded, and \`%0d%0a\` in a URL begins a line of the client’s own`,
            label: 'decoded before it is sent',
            ...(whole === written
              ? {}
              : propose('Send the request as the client sent it', 'unsafe', [replacePlace(at, whole)])),
          }
        }
      }
    }
  },
})
