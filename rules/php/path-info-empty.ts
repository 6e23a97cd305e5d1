import { posix } from 'node:path'
import { phpCode } from '../../parsers/php/script.ts'
import { memoByKey } from '../../parsers/collections/memo.ts'
import { matchedPlace, type Place } from '../../parsers/text/source.ts'
import type { Deployment, NginxConnection } from '../../src/deployment/model.ts'
import { argumentPlace } from '../../src/deployment/places.ts'
import { conf } from '../../src/engine/conf.ts'
import { clientRequest, EXISTING, MISSING } from '../../src/deployment/requests/made-up-requests.ts'
import { probe } from '../../src/deployment/requests/probe.ts'
import { defineRule, type RuleFinding } from '../../src/engine/rule.ts'
import { type FileSystem, sourceAt } from '../../src/files/file-system.ts'
import type { NginxDirective } from '../../src/servers/nginx/configuration.ts'
import { effective } from '../../src/servers/nginx/queries/effective.ts'
import { readLocation } from '../../src/servers/nginx/queries/locations.ts'
import { requestParameters } from '../../src/servers/nginx/queries/request-headers.ts'
import { phpPool, phpSite } from './_examples.ts'
import { moodleConfiguration } from './_php-sources.ts'
import { documentRoot } from './_script-directory.ts'

const tree = (
  lines: string,
  value = '$fastcgi_path_info',
  location = '~ [^/]\\.php(/|$)',
  outer = '',
): Record<string, string> => ({
  'etc/nginx/nginx.conf': conf`
    events {
    }
    http {
        server {
            listen 80;
            server_name example.org;
            root /srv/www;
            ${outer}
            location ${location} {
                ${lines}
                include fastcgi_params;
                fastcgi_param SCRIPT_FILENAME $document_root$fastcgi_script_name;
                fastcgi_param PATH_INFO ${value};
                fastcgi_pass unix:/run/php/php8.2-fpm.sock;
            }
        }
    }
  `,
  'etc/php/8.2/fpm/pool.d/www.conf': phpPool(),
})
const MOODLE = {
  'srv/www/config.php': conf`
    <?php
    $CFG = new stdClass();
    $CFG->wwwroot = 'http://example.org';
    $CFG->dataroot = '/srv/data';
    require_once(__DIR__ . '/lib/setup.php');
  `,
  'srv/www/pluginfile.php': "<?php echo $_SERVER['PATH_INFO'];\n",
}
const CODE_IGNITER = {
  'srv/www/index.php': '<?php\n',
  'srv/www/application/config/config.php': "<?php\n$config['index_page'] = 'index.php';\n",
}
const plain = (files: Record<string, string>, outer = ''): Record<string, string> => ({
  'etc/nginx/nginx.conf': phpSite('', outer),
  'etc/php/8.2/fpm/pool.d/www.conf': phpPool(),
  ...files,
})
/** The location of all scripts is at fault. */
const marked = (files: Record<string, string>): Record<string, string> =>
  Object.fromEntries(
    Object.entries(files).map(([path, text]) => [
      path,
      text.replace('location ~ \\.php$', () => 'location ~ «\\.php$»'),
    ]),
  )
const DATAROOT = conf`
  location /dataroot/ {
      internal;
      alias /srv/data/;
  }
`
const SPLIT = 'fastcgi_split_path_info ^(.+\\.php)(/.+)$;'

export default defineRule({
  summary: 'PATH_INFO is always empty, or what has one does not reach PHP',
  severity: 'warning',
  confidence: 'high',
  since: '0.1.0',
  why: '`$fastcgi_path_info` is what the second group of `fastcgi_split_path_info` matches in the URI: nothing without the directive, and nothing after `try_files`, which makes the script the URI before the parameter is set. `/index.php/users/7` reaches PHP as `/index.php`, and the application answers with its start page.',
  remedy:
    'Keep it in a variable first: `set $path_info $fastcgi_path_info;`, before `try_files`, and send `PATH_INFO $path_info`',
  references: [
    'https://nginx.org/en/docs/http/ngx_http_fastcgi_module.html#fastcgi_split_path_info',
    'https://trac.nginx.org/nginx/ticket/321',
  ],
  bad: [
    {
      title: 'try_files changes the URI',
      files: tree(
        conf`
          ${SPLIT}
          try_files $fastcgi_script_name =404;
        `,
        '«$fastcgi_path_info»',
      ),
    },
    { title: 'nothing splits the URI', files: tree('', '«$fastcgi_path_info»') },
    {
      title: 'try_files looks for a file of the whole URI',
      files: tree(conf`
        ${SPLIT}
        try_files «$uri» =404;
      `),
    },
    {
      title: 'Moodle whose configuration is elsewhere, by the location for its uploads',
      files: marked(
        plain(
          { 'srv/www/index.php': '<?php\n' },
          conf`
            location / {
                try_files $uri $uri/ =404;
            }
            ${DATAROOT}
          `,
        ),
      ),
    },
    {
      title: 'a checkout of Moodle',
      files: marked(
        plain({
          'srv/www/config-dist.php': MOODLE['srv/www/config.php'],
          'srv/www/pluginfile.php': MOODLE['srv/www/pluginfile.php'],
        }),
      ),
    },
    {
      title: 'osTicket',
      files: marked(
        plain({
          'srv/www/include/ost-config.php': "<?php\ndefine('OSTINSTALLED', TRUE);\n",
          'srv/www/scp/ajax.php': "<?php echo $_SERVER['PATH_INFO'];\n",
        }),
      ),
    },
    {
      title: 'Moodle behind an expression that ends in `.php`',
      files: marked(plain(MOODLE)),
    },
    {
      title: 'CodeIgniter, which puts its script in front of every URL',
      files: marked(plain(CODE_IGNITER)),
    },
  ],
  good: [
    {
      title: 'CodeIgniter that is told to do without its script',
      files: plain({ 'srv/www/application/config/config.php': "<?php\n$config['index_page'] = '';\n" }),
    },
    {
      title: 'CodeIgniter that gets every URL which is no file',
      files: Object.fromEntries(
        Object.entries(plain(CODE_IGNITER)).map(([path, text]) => [
          path,
          text.replace(
            'root /srv/www;',
            () => 'root /srv/www;\n    location / {\n        try_files $uri /index.php$is_args$args;\n    }',
          ),
        ]),
      ),
    },
    {
      title: 'Moodle behind an expression for what has a path behind the script, too',
      files: plain(
        MOODLE,
        conf`
          location ~ ^(.+\.php)(/.+)$ {
              include fastcgi_params;
              fastcgi_split_path_info ^(.+\.php)(/.+)$;
              fastcgi_param SCRIPT_FILENAME $document_root$fastcgi_script_name;
              fastcgi_param PATH_INFO $fastcgi_path_info;
              fastcgi_pass unix:/run/php/php8.2-fpm.sock;
          }
        `,
      ),
    },
    {
      title: 'Moodle that is told to do without',
      files: plain({
        ...MOODLE,
        'srv/www/config.php': MOODLE['srv/www/config.php'].replace(
          'require_once',
          () => '$CFG->slasharguments = 0;\nrequire_once',
        ),
      }),
    },
    {
      title: 'Moodle in an image, and an expression that takes what is behind a script',
      files: tree(SPLIT, '$fastcgi_path_info', undefined, DATAROOT),
    },
    {
      title: 'osTicket with locations for its scripts',
      files: plain(
        { 'srv/www/include/ost-config.php': "<?php\ndefine('OSTINSTALLED', TRUE);\n" },
        conf`
          location ~ ^/(?:scp/|api/)?(?:ajax|http|pages|apps/dispatcher)\.php/ {
              ${SPLIT}
              include fastcgi_params;
              fastcgi_param SCRIPT_FILENAME $document_root$fastcgi_script_name;
              fastcgi_param PATH_INFO $fastcgi_path_info;
              fastcgi_pass unix:/run/php/php8.2-fpm.sock;
          }
        `,
      ),
    },
    { title: 'another application', files: plain({ 'srv/www/index.php': '<?php\n' }) },
    { title: 'split, and no try_files', files: tree(SPLIT) },
    {
      title: 'kept in a variable',
      files: tree(
        conf`
          ${SPLIT}
          set $path_info $fastcgi_path_info;
          try_files $fastcgi_script_name =404;
        `,
        '$path_info',
      ),
    },
    {
      title: 'a location that no URI with PATH_INFO reaches, as the file of Debian is used',
      files: tree(
        conf`
          ${SPLIT}
          try_files $fastcgi_script_name =404;
        `,
        '$fastcgi_path_info',
        '~ \\.php$',
      ),
    },
    {
      title: 'expressions that end in the names of several extensions',
      files: {
        ...tree(
          conf`
            ${SPLIT}
            try_files $uri =404;
          `,
          '$fastcgi_path_info',
          '~ \\.(php|php82)$',
        ),
        'etc/nginx/conf.d/old.conf': conf`
          server {
              listen 8080;
              root /srv/www;
              location ~ \.php82$ {
                  ${SPLIT}
                  try_files $uri =404;
                  include fastcgi_params;
                  fastcgi_param SCRIPT_FILENAME $document_root$fastcgi_script_name;
                  fastcgi_param PATH_INFO $fastcgi_path_info;
                  fastcgi_pass unix:/run/php/php8.2-fpm.sock;
              }
          }
        `,
      },
    },
    {
      title: 'the expression that Drupal recommends',
      files: tree(
        conf`
          fastcgi_split_path_info ^(.+?\.php)(|/.*)$;
          try_files $fastcgi_script_name =404;
        `,
        '$fastcgi_path_info',
        "~ '\\.php$|^/update.php'",
      ),
    },
    {
      title: 'split in the server',
      files: Object.fromEntries(
        Object.entries(tree('')).map(([path, text]) => [
          path,
          text.replace('root /srv/www;', `root /srv/www;\n            ${SPLIT}`),
        ]),
      ),
    },
    {
      title: 'a fallback that is not a file',
      files: tree(conf`
        ${SPLIT}
        try_files $uri @php;
      `),
    },
  ],
  *check(deployment) {
    const asked = new Set<string>()
    for (const connection of deployment.connections.nginx) {
      const { pass, server, block } = connection
      if (pass.name !== 'fastcgi_pass') continue
      if (!takesPathInfo(connection)) {
        const lost = lostPath(deployment, connection, asked)
        if (lost !== null) yield lost
        continue
      }
      const set = requestParameters(server.configuration, block, 'fastcgi')
      const sent = set.known ? set.value.headers.findLast(({ name }) => name === 'PATH_INFO') : undefined
      if (sent?.at == null) continue
      const split = effective(server.configuration, block, 'fastcgi_split_path_info')
      if (!split.known || !split.value.complete) continue
      const isDirect = /^\$(?:fastcgi_path_info|\{fastcgi_path_info\})$/.test(sent.value)
      if (split.value.directives.length === 0) {
        if (isDirect)
          yield {
            at: sent.at,
            message: 'no `fastcgi_split_path_info` holds here, so `$fastcgi_path_info` is always empty',
            label: 'empty',
            help: 'Write `fastcgi_split_path_info ^(.+?\\.php)(/.*)$;` in this location',
          }
        continue
      }
      const tried = triedFile(block)
      if (tried === null) continue
      if (tried.what === 'script' && isDirect)
        yield {
          at: sent.at,
          message:
            '`try_files` makes the script the URI before this is sent, so `$fastcgi_path_info` is always empty',
          label: 'empty',
          related: [{ at: tried.at, message: 'what is left of the URI' }],
        }
      else if (tried.what === 'uri')
        yield {
          at: tried.at,
          message:
            'no file has a PATH_INFO in its name, so `try_files` answers 404 to each request that has one',
          label: 'the whole URI',
          related: [{ at: sent.at, message: 'never sent' }],
          help: 'Write `set $path_info $fastcgi_path_info;` and `try_files $fastcgi_script_name =404;`',
        }
    }
  },
})

/** True for an expression that a script with something behind it matches, and no plain `\.php$`. */
function takesPathInfo({ block }: NginxConnection): boolean {
  if (block.name !== 'location') return false
  const { modifier, name } = readLocation(block)
  // The script of Drupal for updates, which takes what is behind it from `REQUEST_URI`.
  const others = name.replace(/\|\^?\/update\\?\.php$/, '')
  const behind = /.*php(.*)$/s.exec(others)?.[1]
  return /^~/.test(modifier) && behind !== undefined && !/^[^/.\\]*\$$/.test(behind)
}

/** What a `try_files` that ends in a status looks for before the script runs; null for any other. */
function triedFile(block: NginxDirective): { readonly what: 'script' | 'uri'; readonly at: Place } | null {
  const line = block.children.find(({ name }) => name === 'try_files')
  if (line === undefined || line.args.length !== 2 || !/^=\d/.test(line.args[1]?.value ?? '')) return null
  const at = argumentPlace(line, 0)
  if (/^\$\{?fastcgi_script_name\}?$/.test(line.args[0]?.value ?? '')) return { what: 'script', at }
  return /^\$\{?uri\}?$/.test(line.args[0]?.value ?? '') ? { what: 'uri', at } : null
}

/** What an application has behind the name of a script, and nothing hands to PHP; null where it does. */
function lostPath(
  deployment: Deployment,
  connection: NginxConnection,
  asked: Set<string>,
): RuleFinding | null {
  const { block, server, from } = connection
  const pattern = block.args.at(-1)
  if (block.name !== 'location' || !/php\d?\)?\$$/.test(pattern?.value ?? '')) return null
  const root = documentRoot(connection)
  const application =
    (root === null ? null : applicationAt(from.machine.files, root)) ?? moodleByItsFiles(server)
  const host = server.names.find(({ exact }) => exact)?.name
  if (application === null || host === undefined || asked.has(`${host} ${server.tls}`)) return null
  asked.add(`${host} ${server.tls}`)
  const scheme = server.tls ? 'https' : 'http'
  const target = `${application.script}/${application.page}`
  const { end } = probe(deployment, clientRequest({ scheme, host, target, machine: from.machine }))
  const isLost = end.kind === 'status' ? end.status === 404 : end.kind === 'file'
  if (!isLost) return null
  return {
    at: argumentPlace(block, block.args.length - 1),
    ...(application.isSupposed === true && { confidence: 'medium' as const }),
    message: `${application.name} asks for \`${application.script}/…\`, which this does not match and nothing else hands to PHP: 404`,
    label: 'nothing behind `.php`',
    related: [{ at: application.at, message: `${application.name} is here` }],
    help: 'Write `location ~ \\.php(/|$)`, and `fastcgi_split_path_info ^(.+?\\.php)(/.*)$;` in it',
  }
}

interface PathInfoApplication {
  readonly name: string
  readonly script: string
  /** What stands behind it in a request. */
  readonly page: string
  readonly at: Place
  /** True where its own configuration, which may say otherwise, is not here. */
  readonly isSupposed?: boolean
}

/**
 * The location by which nginx sends the uploads of Moodle for it (`X-Accel-Redirect`), as its documentation has it; the
 * application may lie in an image or a volume.
 * @see https://docs.moodle.org/en/Nginx#XSendfile_aka_X-Accel-Redirect
 */
function moodleByItsFiles({ directive }: NginxConnection['server']): PathInfoApplication | null {
  const location = directive.children.find(
    ({ name, args, children }) =>
      name === 'location' &&
      /^\/dataroot\/?$/.test(args.at(-1)?.value ?? '') &&
      children.some(child => child.name === 'internal'),
  )
  return location === undefined
    ? null
    : { ...OF_MOODLE, at: argumentPlace(location, location.args.length - 1), isSupposed: true }
}

const OF_MOODLE = { name: 'Moodle', script: '/pluginfile.php', page: EXISTING }

const applicationAt = memoByKey((files: FileSystem, root: string): PathInfoApplication | null => {
  const moodle = moodleConfiguration(files, root)
  const ofMoodle = moodle === null ? null : /\$CFG->wwwroot/.exec(phpCode(moodle))
  if (moodle !== null && ofMoodle !== null && !/slasharguments\s*=\s*(?:0|false)/.test(moodle.code))
    return {
      ...OF_MOODLE,
      at: { source: moodle, start: ofMoodle.index, end: ofMoodle.index + ofMoodle[0].length },
    }
  const sample = moodle === null ? placeIn(files, `${root}/config-dist.php`, /\$CFG->dataroot/) : null
  if (sample !== null) return { ...OF_MOODLE, at: sample, isSupposed: true }
  const osTicket = OS_TICKET.map(path => placeIn(files, posix.join(root, path), /\bOSTINSTALLED\b/)).find(
    place => place !== null,
  )
  if (osTicket != null) return { name: 'osTicket', script: '/scp/ajax.php', page: EXISTING, at: osTicket }
  const codeIgniter = codeIgniterAt(files, root)
  if (codeIgniter !== null)
    return { name: 'CodeIgniter', script: '/index.php', page: MISSING, at: codeIgniter }
  const nextcloud = placeIn(files, `${root}/config/config.php`, /['"]trusted_domains['"]/)
  return nextcloud === null
    ? null
    : { name: 'Nextcloud', script: '/remote.php', page: EXISTING, at: nextcloud }
})

/** Its configuration, and what that is copied from. */
const OS_TICKET = ['include/ost-config.php', 'include/ost-sampleconfig.php']

function placeIn(files: FileSystem, path: string, pattern: RegExp): Place | null {
  const source = sourceAt(files, path)
  const match = source === null ? null : pattern.exec(phpCode(source))
  return source === null || match === null ? null : matchedPlace(source, match)
}

/** The name of the script in front of every URL that CodeIgniter makes; null where its URLs are without. */
function codeIgniterAt(files: FileSystem, root: string): Place | null {
  for (const home of [root, posix.dirname(root)]) {
    for (const [path, pattern] of INDEX_PAGES) {
      const found = placeIn(files, posix.join(home, path), pattern)
      if (found !== null) return found
    }
  }
  return null
}

/** Of CodeIgniter 3 and 4: `site_url('login')` is `/index.php/login`. */
const INDEX_PAGES: readonly (readonly [string, RegExp])[] = [
  ['application/config/config.php', /\$config\['index_page'\]\s*=\s*(["'])index\.php\1/],
  ['app/Config/App.php', /\$indexPage\s*=\s*(["'])index\.php\1/],
]
