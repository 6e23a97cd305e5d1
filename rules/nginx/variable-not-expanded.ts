import { isUnknownWord } from '../../parsers/text/source.ts'
import { argumentPlace } from '../../src/deployment/places.ts'
import { conf } from '../../src/engine/conf.ts'
import { defineRule } from '../../src/engine/rule.ts'
import type { NginxConfiguration, NginxDirective } from '../../src/servers/nginx/configuration.ts'
import { nginxVariable } from '../../src/servers/nginx/directives.ts'
import { variableNames } from '../../src/servers/nginx/queries/interpolate.ts'
import { enclosingServer } from '../../src/servers/nginx/queries/servers.ts'
import { nginxMain, nginxServer } from '../_examples.ts'

const site = (lines: string, around = ''): string =>
  nginxMain([
    around,
    nginxServer(conf`
      ${lines}
      root /srv/www;
    `),
  ])

export default defineRule({
  summary: 'A directive that knows no variables is given one',
  severity: 'warning',
  confidence: 'high',
  since: '0.1.0',
  why: 'nginx fills in a variable only where the directive says so in its documentation: “Parameter value can contain variables”. Anywhere else its name is taken as it is written. `error_log /var/log/nginx/$host.error.log` writes the errors of all sites to one file that is called `$host.error.log`, which `access_log` would not do; `auth_request /auth/$uri` asks for a location of that name.',
  remedy: 'Write the value out, in each server where it differs',
  references: ['https://nginx.org/en/docs/ngx_core_module.html#error_log'],
  bad: [
    {
      title: 'one file of errors for each host',
      files: { 'etc/nginx/nginx.conf': site('error_log «/var/log/nginx/$host.error.log» warn;') },
    },
    {
      title: 'a variable of its own, in braces',
      files: {
        'etc/nginx/nginx.conf': site(
          'error_log «/var/log/nginx/${site}.log»;',
          'map $host $site { default shop; www.example.org www; }',
        ),
      },
    },
    {
      title: 'the path for the subrequest',
      files: {
        'etc/nginx/nginx.conf': site(conf`
          location /files/ {
              auth_request «/check/$arg_token»;
          }
          location /check/ {
              internal;
              proxy_pass http://127.0.0.1:9000;
          }
        `),
      },
    },
    {
      title: 'the type of what is sent',
      files: {
        'etc/nginx/nginx.conf': site(
          'default_type «$type»;',
          'map $uri $type { ~\\.json$ application/json; }',
        ),
      },
    },
    {
      title: 'the name of the server',
      files: {
        'etc/nginx/nginx.conf': nginxMain('server { listen 80; server_name «$host»; root /srv/www; }'),
      },
    },
    {
      title: 'a header to hide',
      files: {
        'etc/nginx/nginx.conf': site(
          'location / { proxy_pass http://127.0.0.1:9000; proxy_hide_header «$hidden»; }',
          'map $host $hidden { default X-Powered-By; }',
        ),
      },
    },
  ],
  good: [
    {
      title: 'directives that fill it in',
      files: {
        'etc/nginx/nginx.conf': site(conf`
          access_log /var/log/nginx/$host.log;
          error_log /var/log/nginx/example.org.error.log;
          location /files/ {
              auth_request /check/;
          }
          location /check/ {
              internal;
              proxy_pass http://127.0.0.1:9000/$arg_token;
          }
        `),
      },
    },
    {
      title: 'the name of the machine, and a group of an expression',
      files: {
        'etc/nginx/nginx.conf': nginxMain(conf`
          server {
              listen 80;
              server_name $hostname ~^(?<site>[a-z]+)\.example\.org$;
              root /srv/$site;
          }
        `),
      },
    },
    {
      title: 'a template of a program, which fills in the name of the server, too',
      files: {
        'templates/vhost.conf':
          'server {\n    listen 80;\n    server_name $server_name;\n    error_log /var/log/nginx/$server_name.error.log;\n    root /srv/www;\n}\n',
      },
    },
    {
      title: 'a variable that a template fills in',
      files: {
        'default.conf.template':
          'server {\n    listen 80;\n    server_name ${HOST};\n    error_log ${LOG_DIR}/error.log;\n    root /srv/www;\n}\n',
      },
    },
  ],
  *check({ nginx }) {
    for (const configuration of nginx)
      for (const name of LITERAL)
        for (const directive of configuration.occurrences.get(name) ?? []) {
          const found = variableIn(configuration, directive)
          if (found === null || mayBeTemplate(configuration, directive)) continue
          const { index, variable } = found
          yield {
            at: argumentPlace(directive, index),
            message: `\`${name}\` knows no variables: \`$${variable}\` is taken as it is written${CONSEQUENCES.get(name) ?? ''}`,
            label: 'not filled in',
          }
        }
  },
})

/** Directives that nginx takes with a `$` in their arguments, and that fill nothing in. */
const LITERAL = [
  'error_log',
  'auth_request',
  'default_type',
  'server_name',
  'real_ip_header',
  'fastcgi_index',
  'client_body_temp_path',
  ...['proxy', 'fastcgi', 'uwsgi', 'scgi'].flatMap(name => [
    `${name}_hide_header`,
    `${name}_pass_header`,
    `${name}_temp_path`,
    `${name}_cache_path`,
  ]),
]

const CONSEQUENCES: ReadonlyMap<string, string> = new Map([
  ['error_log', ', and all errors of this level go to one file of that name'],
  ['auth_request', ', and the subrequest asks for a location of that name'],
  ['server_name', ', and no request has a host of that name'],
])

function variableIn(
  configuration: NginxConfiguration,
  { name, args }: NginxDirective,
): { readonly index: number; readonly variable: string } | null {
  for (const [index, { value }] of args.entries()) {
    if (!value.includes('$') || value.startsWith('~') || isUnknownWord(value)) continue
    const variable = variableNames(value).find(
      each =>
        !(name === 'server_name' && each === 'hostname') &&
        (nginxVariable('http', each) !== null || isSet(configuration, each)),
    )
    if (variable !== undefined) return { index, variable }
  }
  return null
}

/** True in lines that some server includes, where the name of the server is to be filled in as well. */
function mayBeTemplate({ main }: NginxConfiguration, directive: NginxDirective): boolean {
  if (main !== null) return false
  return (enclosingServer(directive)?.children ?? []).some(
    ({ name, args }) =>
      name === 'server_name' &&
      args.some(({ value }) => isUnknownWord(value) || (value.includes('$') && !value.startsWith('~'))),
  )
}

/** True for a variable to which a `set`, `map` or `geo` of the configuration gives a value. */
function isSet({ occurrences }: NginxConfiguration, variable: string): boolean {
  return ['set', 'map', 'geo'].some(name =>
    (occurrences.get(name) ?? []).some(({ args }) => {
      const given = name === 'set' ? args[0] : args.at(-1)
      return given?.value.toLowerCase() === `$${variable}`
    }),
  )
}
