import { memo } from '../../parsers/collections/memo.ts'
import { readPhpSettings } from '../../parsers/php/php-settings.ts'
import { isBelow } from '../../parsers/text/is-below.ts'
import type { Place, Source } from '../../parsers/text/source.ts'
import { phpIniSources } from '../../src/deployment/build/programs/php-fpm.ts'
import { propose, replacePlace } from '../../src/deployment/edits.ts'
import type { Deployment, NginxConnection } from '../../src/deployment/model.ts'
import { argumentPlace } from '../../src/deployment/places.ts'
import { releaseLinks } from '../../src/deployment/setups/release-links.ts'
import { conf } from '../../src/engine/conf.ts'
import { defineRule } from '../../src/engine/rule.ts'
import type { NginxConfiguration, NginxDirective } from '../../src/servers/nginx/configuration.ts'
import { requestParameters } from '../../src/servers/nginx/queries/request-headers.ts'
import { fileBase } from '../../src/servers/nginx/queries/static-content.ts'
import { isPhp } from './_php-connections.ts'
import { phpBehind } from './_php-behind.ts'

const site = (
  script = '«$document_root$fastcgi_script_name»',
  root = '/var/www/shop/current/public',
): Record<string, string> => ({
  'config/nginx/site.conf': conf`
    server {
        listen 80;
        server_name example.org;
        root ${root};
        location ~ \.php$ {
            include fastcgi_params;
            fastcgi_param SCRIPT_FILENAME ${script};
            fastcgi_pass unix:/run/php/php8.2-fpm.sock;
        }
    }
  `,
})
const capistrano = (lines = ''): Record<string, string> => ({
  'config/deploy.rb': conf`
    set :application, "shop"
    set :repo_url, "git@git.example.org:web/shop.git"
    set :deploy_to, "/var/www/shop"
    ${lines}
  `,
})
const script = (lines = ''): Record<string, string> => ({
  'bin/deploy.sh': conf`
    BASE=/var/www/shop
    RELEASE=$BASE/releases/$(date +%s)
    git clone --depth 1 git@git.example.org:web/shop.git "$RELEASE"
    ln -sfn "$RELEASE" "$BASE/current"
    ${lines}
  `,
})

export default defineRule({
  summary: 'PHP keeps running the old release behind the link that a deploy switches',
  severity: 'warning',
  confidence: 'high',
  since: '0.1.0',
  why: '`$document_root` is the path as it is written, with the link in it. OPcache keeps what it has compiled under that path, and PHP’s `realpath_cache` where it led: after a deploy the link leads to the new release, and PHP-FPM goes on with the scripts of the old one, for minutes or until it is restarted. `$realpath_root` is the path with its links resolved, which is another one for each release.',
  remedy:
    'Write `fastcgi_param SCRIPT_FILENAME $realpath_root$fastcgi_script_name;` and `fastcgi_param DOCUMENT_ROOT $realpath_root;`, or reload PHP-FPM after each deploy',
  references: [
    'https://nginx.org/en/docs/http/ngx_http_core_module.html#var_realpath_root',
    'https://symfony.com/doc/current/setup/web_server_configuration.html#nginx',
    'https://www.php.net/manual/en/opcache.configuration.php#ini.opcache.revalidate-path',
  ],
  unproven: 'The live tests ask of one state of the files, and deploy no second release',
  bad: [
    { title: 'Capistrano', files: { ...site(), ...capistrano() } },
    {
      title: 'Capistrano with its own directory, and a front controller',
      files: {
        ...site('«/var/www/shop/current/public/index.php»'),
        'config/deploy.rb': conf`
          set :application, "shop"
          set :repo_url, "git@git.example.org:web/shop.git"
        `,
      },
    },
    {
      title: 'Deployer',
      files: {
        ...site(),
        'deploy.php': conf`
          <?php
          namespace Deployer;
          require 'recipe/symfony.php';
          host('www.example.org')->set('deploy_path', '/var/www/shop');
        `,
      },
    },
    { title: 'a script', files: { ...site(), ...script() } },
    {
      title: 'the parameters of Debian’s package',
      files: {
        ...script(),
        'config/nginx/site.conf': conf`
          server {
              listen 80;
              root /var/www/shop/current/public;
              location ~ \.php$ {
                  include «snippets/fastcgi-php.conf»;
                  fastcgi_pass unix:/run/php/php8.2-fpm.sock;
              }
          }
        `,
      },
    },
    {
      title: 'a playbook',
      files: {
        ...site(),
        'deploy.yml': conf`
          - hosts: web
            tasks:
              - name: switch
                file:
                  src: "/var/www/shop/releases/{{ release }}"
                  dest: /var/www/shop/current
                  state: link
        `,
      },
    },
  ],
  good: [
    {
      title: 'the path without links',
      files: { ...site('$realpath_root$fastcgi_script_name'), ...capistrano() },
    },
    { title: 'no deploy is seen to switch the link', files: site() },
    {
      title: 'a site of another directory',
      files: { ...site(undefined, '/var/www/blog/current/public'), ...capistrano() },
    },
    {
      title: 'PHP-FPM is reloaded after the switch',
      files: { ...site(), ...script('sudo systemctl reload php8.2-fpm') },
    },
    {
      title: 'a task that restarts it',
      files: {
        ...site(),
        ...capistrano(),
        'lib/capistrano/tasks/fpm.rake': conf`
          after "deploy:published", "fpm:reload" do
            execute :sudo, :service, "php8.2-fpm", :reload
          end
        `,
      },
    },
    { title: 'the cache is emptied', files: { ...site(), ...script('cachetool opcache:reset') } },
    {
      title: 'OPcache looks where the link leads',
      files: {
        ...site(),
        ...capistrano(),
        'config/php/php.ini': conf`
          [PHP]
          opcache.revalidate_path = 1
        `,
      },
    },
    {
      title: 'a link that is made once',
      files: { ...site(), 'install.sh': 'ln -sfn /opt/shop-1.4 /var/www/shop/current\n' },
    },
  ],
  *check(deployment) {
    if (!deployment.nginx.some(({ occurrences }) => occurrences.has('fastcgi_pass'))) return
    const texts = deployment.setups() ?? []
    const links = releaseLinks(texts)
    if (links.length === 0 || emptiesCaches(texts)) return
    for (const connection of deployment.connections.nginx) {
      if (connection.pass.name !== 'fastcgi_pass' || connection.from.machine.container !== null) continue
      if (!isPhp(connection)) continue
      const found = scriptOf(connection)
      const link = found === null ? undefined : links.find(({ path }) => isBelow(found.path, path))
      if (found === null || link === undefined || looksAgain(deployment, connection)) continue
      yield {
        at: found.at,
        message: `each deploy leads \`${link.path}\` to another release, and by this path PHP goes on with the scripts of the old one`,
        label: 'has the link in it',
        related: [
          ...(found.root === null ? [] : [{ at: found.root, message: 'the document root' }]),
          { at: link.at, message: 'the deploy switches the link' },
        ],
        ...propose('Resolve the link', 'safe', [
          found.isWord ? replacePlace(found.at, '$realpath_root$fastcgi_script_name') : null,
        ]),
      }
    }
  },
})

interface Script {
  /** The directory, or the file. */
  readonly path: string
  readonly at: Place
  /** Null where the script is written with its whole path. */
  readonly root: Place | null
  /** True where the place is the value of the parameter and may be changed. */
  readonly isWord: boolean
}

/** The path that PHP is given; null for one without links, and where it is not known. */
function scriptOf({ server: { configuration }, block }: NginxConnection): Script | null {
  const set = requestParameters(configuration, block, 'fastcgi')
  const script = set.known ? set.value.headers.findLast(({ name }) => name === 'SCRIPT_FILENAME') : undefined
  const line = script?.directive ?? null
  const stock = block.children.find(
    ({ name, args }) => name === 'include' && STOCK.test(args[0]?.value ?? ''),
  )
  if (line === null && stock !== undefined)
    return byRoot(configuration, block, argumentPlace(stock, 0), false)
  if (script === undefined || line === null) return null
  const at = argumentPlace(line, 1)
  if (/^\/[^$]+\.php$/.test(script.value)) return { path: script.value, at, root: null, isWord: false }
  if (!/^\$\{?document_root\}?\/?\$\{?fastcgi_script_name\}?$/.test(script.value)) return null
  // A file of the package is none to change.
  const isOwn = line.source === block.source
  return byRoot(configuration, block, isOwn || stock === undefined ? at : argumentPlace(stock, 0), isOwn)
}

/** Files of Debian’s package and of nginx’s own, in which the script is `$document_root$fastcgi_script_name`. */
const STOCK = /^(?:\/etc\/nginx\/)?(?:snippets\/fastcgi-php\.conf|fastcgi\.conf)$/

const OF_PACKAGE =
  /^(?:\/etc\/nginx\/)?(?:snippets\/fastcgi-php\.conf|fastcgi\.conf|fastcgi_params|mime\.types)$/

function byRoot(
  configuration: NginxConfiguration,
  block: NginxDirective,
  at: Place,
  isWord: boolean,
): Script | null {
  const base = fileBase(configuration, block)
  const root = base.known ? (base.value.kind === 'root' ? base.value.directive : null) : rootAround(block)
  const path = root?.args[0]?.value ?? ''
  if (root === null || !path.startsWith('/')) return null
  return { path, at, root: argumentPlace(root, 0), isWord }
}

/** The `root` of a block, or of those around it, where files of the package alone are not here. */
function rootAround(block: NginxDirective): NginxDirective | null {
  for (let at: NginxDirective | null = block; at !== null; at = at.parent) {
    const { children } = at
    if (children.some(({ name, args }) => name === 'include' && !OF_PACKAGE.test(args[0]?.value ?? '')))
      return null
    const own = children.filter(({ name }) => name === 'root' || name === 'alias')
    if (own.length > 0) return own.length === 1 && own[0]!.name === 'root' ? own[0]! : null
  }
  return null
}

/** What restarts PHP or empties its caches; whether that is a part of the deploy is not asked. */
const emptiesCaches = memo((texts: readonly Source[]): boolean =>
  texts.some(
    ({ text }) =>
      /cachetool|opcache[_:]reset|opcache:clear|apc_clear/i.test(text) ||
      (/fpm/i.test(text) && /\b(?:re(?:load|start)(?:ed)?|USR2|stop)\b/i.test(text)),
  ),
)

/** True where some PHP of the machine keeps nothing, or looks where the links lead. */
function looksAgain(deployment: Deployment, connection: NginxConnection): boolean {
  const loose = readPhpSettings(phpIniSources(connection.from.machine.files))
  const says = (name: string, value: RegExp): boolean =>
    value.test(loose.get(name)?.text ?? '') ||
    phpBehind(deployment, connection).some(({ setting }) => {
      const written = setting(name)
      return written !== null && (!written.known || value.test(written.value))
    })
  return (
    says('opcache.revalidate_path', /^(?:1|on|yes|true)$/i) || says('opcache.enable', /^(?:0|off|no|false)$/i)
  )
}
