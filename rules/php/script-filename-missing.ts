import { stepText } from '../../parsers/dockerfile/command-text.ts'
import type { Deployment, Machine, NginxConnection } from '../../src/deployment/model.ts'
import { groupBy } from '../../parsers/collections/group-by.ts'
import { memo } from '../../parsers/collections/memo.ts'
import { namePlace } from '../../src/deployment/places.ts'
import { conf } from '../../src/engine/conf.ts'
import { defineRule } from '../../src/engine/rule.ts'
import type { NginxDirective } from '../../src/servers/nginx/configuration.ts'
import {
  requestParameters,
  requestParametersAtHand,
} from '../../src/servers/nginx/queries/request-headers.ts'
import { hasPlaceholder } from '../../src/servers/nginx/queries/scope.ts'
import { fileBase } from '../../src/servers/nginx/queries/static-content.ts'
import { type RunImage, runImages } from '../containers/_images.ts'
import { phpPool } from './_examples.ts'
import { isPhp } from './_php-connections.ts'

const tree = (lines: string): Record<string, string> => ({
  'etc/nginx/nginx.conf': conf`
    events {
    }
    http {
        server {
            listen 80;
            server_name example.org;
            root /srv/www;
            location ~ \.php$ {
                «fastcgi_pass» unix:/run/php/php8.2-fpm.sock;
                ${lines}
            }
        }
    }
  `,
  'etc/php/8.2/fpm/pool.d/www.conf': phpPool(),
})

const PARAMS = conf`
  fastcgi_param QUERY_STRING $query_string;
  fastcgi_param REQUEST_METHOD $request_method;
  fastcgi_param SCRIPT_NAME $fastcgi_script_name;
`

const site = (lines: string): string => conf`
  server {
      listen 80;
      root /srv/www;
      location ~ \.php$ {
          «fastcgi_pass» php:9000;
          fastcgi_index index.php;
          ${lines}
      }
  }
`
const project = (lines: string, more = ''): Record<string, string> => ({
  'docker-compose.yml': conf`
    services:
      php:
        image: php:8.3-fpm
      nginx:
        image: nginx:1.27
        ports:
          - "80:80"
        volumes:
          - ./site.conf:/etc/nginx/conf.d/default.conf:ro
          ${more}
  `,
  'site.conf': site(lines),
})
const image = (lines: string): Record<string, string> => ({
  Dockerfile: conf`
    FROM alpine:3.20
    RUN apk add --no-cache nginx php83-fpm
    COPY site.conf /etc/nginx/http.d/default.conf
    ${lines}
  `,
  'site.conf': site('include fastcgi_params;'),
})

/** Status pages of PHP-FPM beside the location for scripts. */
const withStatus = (lines: string): string => conf`
  server {
      listen 80;
      root /srv/www;
      location ~ \.php$ {
          include fastcgi_params;
          fastcgi_param SCRIPT_FILENAME $document_root$fastcgi_script_name;
          fastcgi_pass 127.0.0.1:9000;
      }
      location ~ ^/(status|ping)$ {
          allow 127.0.0.1;
          deny all;
          ${lines}
      }
  }
`

const alias = (lines: string): string => conf`
  location /tool/ {
      alias /srv/tool/;
      location ~ [^/]\.php(/|$) {
          «fastcgi_pass» unix:/run/php/php8.2-fpm.sock;
          include fastcgi_params;
          fastcgi_param REMOTE_USER $remote_user;
          ${lines}
      }
  }
`

export default defineRule({
  summary: 'PHP is not told which script to run',
  severity: 'error',
  otherSeverities: {
    warning:
      'in a file of servers that sets no parameter at all, as nothing does for all servers of most machines; behind an `alias`, or beside a location that sets it, with a `fastcgi_params` that is not in the audit: that of nginx does not have it',
  },
  confidence: 'high',
  since: '0.1.0',
  why: 'PHP-FPM takes the path of the script from the parameter `SCRIPT_FILENAME` alone. The `fastcgi_params` of nginx does not have it (`fastcgi.conf` does): every script, and every status page of PHP-FPM, is answered with 404 and `File not found.`, and nginx logs `Primary script unknown`. Without `REQUEST_METHOD` it is an empty page, with status 200.',
  remedy:
    'Write `fastcgi_param SCRIPT_FILENAME $document_root$fastcgi_script_name`, or include `fastcgi.conf`',
  references: [
    'https://nginx.org/en/docs/http/ngx_http_fastcgi_module.html#fastcgi_param',
    'https://www.nginx.com/resources/wiki/start/topics/examples/phpfcgi/',
  ],
  bad: [
    { title: 'parameters without it', files: tree(PARAMS) },
    {
      title: 'one parameter of the location in place of all of the server',
      files: {
        ...tree('fastcgi_param APPLICATION_ENV production;'),
      },
    },
    { title: 'the file of nginx’s image, which does not have it', files: project('include fastcgi_params;') },
    {
      title: 'a page of PHP-FPM itself, which has no script',
      files: {
        'etc/nginx/nginx.conf': conf`
          events {
          }
          http {
              server {
                  listen 80;
                  server_name example.org;
                  root /srv/www;
                  location ~ \.php$ {
                      fastcgi_param SCRIPT_FILENAME $document_root$fastcgi_script_name;
                      fastcgi_param REQUEST_METHOD $request_method;
                      fastcgi_pass 127.0.0.1:9000;
                  }
                  location = /fpm-status {
                      allow 127.0.0.1;
                      deny all;
                      fastcgi_param SCRIPT_NAME $fastcgi_script_name;
                      fastcgi_param REQUEST_METHOD $request_method;
                      «fastcgi_pass» 127.0.0.1:9000;
                  }
              }
          }
        `,
      },
    },
    { title: 'the file of a package', files: image('CMD ["nginx", "-g", "daemon off;"]') },
    {
      title: 'the status page beside a location that includes the same file and sets it',
      files: {
        'site.conf': withStatus(conf`
          include fastcgi_params;
          «fastcgi_pass» 127.0.0.1:9000;
        `),
      },
    },
    {
      title: 'a file of servers, in which nothing sets a parameter',
      files: {
        'site.conf': conf`
          server {
              listen 80;
              server_name example.org;
              root /srv/www;
              location ~ \.php$ {
                  «fastcgi_pass» unix:/run/php/php-fpm.sock;
              }
          }
        `,
      },
    },
    {
      title: 'behind an alias, where the parameters of hardly any machine have the path of the script',
      files: { 'site.conf': alias('') },
    },
    {
      title: 'behind an alias that an installer fills in',
      files: { 'site.conf': alias('').replaceAll('/tool', '__PATH__') },
    },
  ],
  good: [
    {
      title: 'the parameter',
      files: tree(conf`
        ${PARAMS}
        fastcgi_param SCRIPT_FILENAME $document_root$fastcgi_script_name;
      `),
    },
    {
      title: 'the file of nginx’s image, and the parameter',
      files: project(conf`
        include fastcgi_params;
        fastcgi_param SCRIPT_FILENAME $document_root$fastcgi_script_name;
      `),
    },
    { title: 'the other file of nginx’s image', files: project('include fastcgi.conf;') },
    {
      title: 'a file of its own, put in the place of that of the image',
      files: project('include fastcgi_params;', '- ./params:/etc/nginx/fastcgi_params:ro'),
    },
    {
      title: 'a build that adds to the file of the package',
      files: image(
        'RUN echo "fastcgi_param SCRIPT_FILENAME \\$document_root\\$fastcgi_script_name;" >> /etc/nginx/fastcgi_params',
      ),
    },
    {
      title: 'a file that may be another, on a machine that nobody has seen',
      files: { 'site.conf': site('include fastcgi_params;') },
    },
    {
      title: 'behind an alias with the parameter',
      files: { 'site.conf': alias('fastcgi_param SCRIPT_FILENAME $request_filename;') },
    },
    {
      title: 'the status page with the parameter, and with a file of its own',
      files: {
        'site.conf': [
          conf`
            fastcgi_param SCRIPT_FILENAME $fastcgi_script_name;
            include fastcgi_params;
            fastcgi_pass 127.0.0.1:9000;
          `,
          conf`
            include fastcgi.conf;
            fastcgi_pass 127.0.0.1:9000;
          `,
        ]
          .map(withStatus)
          .join(''),
      },
    },
    {
      title: 'a file of servers whose location includes what is not in the audit, and one of locations',
      files: {
        'site.conf': conf`
          server {
              listen 80;
              root /srv/www;
              location ~ \.php$ {
                  include snippets/php.conf;
                  fastcgi_pass unix:/run/php/php-fpm.sock;
              }
          }
        `,
        'php.conf': conf`
          location ~ \.php$ {
              fastcgi_pass unix:/run/php/php-fpm.sock;
          }
        `,
      },
    },
    {
      title: 'parameters of a file that is not in the audit',
      files: tree('include /opt/fastcgi/*.conf;\ninclude /opt/params;'),
    },
    {
      title: 'FastCGI for another program',
      files: {
        'etc/nginx/nginx.conf': conf`
          events {
          }
          http {
              server {
                  listen 80;
                  location /cgi/ {
                      fastcgi_param QUERY_STRING $query_string;
                      fastcgi_pass unix:/run/app.sock;
                  }
              }
          }
        `,
      },
    },
  ],
  *check(deployment) {
    for (const connection of deployment.connections.nginx) {
      if (
        connection.pass.name !== 'fastcgi_pass' ||
        !(isPhp(connection) || isWithPhp(deployment, connection))
      )
        continue
      const { server, block, pass } = connection
      // Answered from the cache, by a module of others.
      if (block.children.some(({ name }) => name === 'fastcgi_cache_purge')) continue
      const set = requestParameters(server.configuration, block, 'fastcgi')
      const isComplete = set.known && set.value.complete
      const isStock = isComplete || includesStockAlone(deployment, connection)
      if (!isComplete && hasNone(connection)) {
        yield {
          at: namePlace(pass),
          severity: 'warning',
          confidence: 'medium',
          message:
            'no `fastcgi_param` and no `include` is here: without `SCRIPT_FILENAME` and `REQUEST_METHOD` PHP runs no script, and answers 200 with an empty page',
          label: 'without parameters',
        }
        continue
      }
      const ownSetter = isStock ? undefined : besideThatSetsIt(deployment, connection)
      if (!isStock && ownSetter === undefined && !isBehindAlias(connection)) continue
      const names = isComplete
        ? set.value.headers.map(({ name }) => name)
        : ['REQUEST_METHOD', ...parametersOf(connection)]
      if (names.some(name => name === 'SCRIPT_FILENAME' || name === 'PATH_TRANSLATED')) continue
      const level = isComplete ? set.value.level : block
      if (ownSetter !== undefined) {
        yield {
          at: namePlace(pass),
          severity: 'warning',
          confidence: 'medium',
          message:
            'no `fastcgi_param` here sets `SCRIPT_FILENAME`, which the `fastcgi_params` of nginx does not have: PHP answers 404, `File not found.`',
          label: 'without SCRIPT_FILENAME',
          related: [
            { at: namePlace(ownSetter.pass), message: 'this location includes the same, and sets it' },
          ],
          help: 'Write `fastcgi_param SCRIPT_FILENAME $document_root$fastcgi_script_name;` behind the `include`',
        }
        continue
      }
      if (!isStock) {
        yield {
          at: namePlace(pass),
          severity: 'warning',
          confidence: 'medium',
          message:
            'no `fastcgi_param` here sets `SCRIPT_FILENAME`, and neither does the `fastcgi_params` of nginx: PHP finds no script behind this `alias`',
          label: 'without SCRIPT_FILENAME',
          help: 'Write `fastcgi_param SCRIPT_FILENAME $request_filename;` behind the `include`',
        }
        continue
      }
      yield {
        at: namePlace(pass),
        message: `no \`fastcgi_param\` sets \`SCRIPT_FILENAME\`, so PHP finds no script and answers ${
          names.includes('REQUEST_METHOD') ? '404, `File not found.`' : 'with an empty page'
        }`,
        label: 'without SCRIPT_FILENAME',
        related:
          level === null
            ? []
            : [{ at: namePlace(level), message: 'the parameters in force are those of this block' }],
      }
    }
  },
})

/** True where another location of the configuration sends scripts of PHP to the same address: status pages and their like. */
function isWithPhp(deployment: Deployment, { server, pass }: NginxConnection): boolean {
  const address = pass.args[0]?.value
  return address !== undefined && phpAddresses(deployment).get(server.configuration)?.has(address) === true
}

const phpAddresses = memo((deployment: Deployment) => {
  const found = new Map<NginxConnection['server']['configuration'], Set<string>>()
  for (const connection of deployment.connections.nginx) {
    const { server, pass, block } = connection
    const address = pass.args[0]?.value
    if (pass.name !== 'fastcgi_pass' || address === undefined || hasPlaceholder(pass)) continue
    if (!block.args.some(({ value }) => /\\\.php/.test(value))) continue
    const addresses = found.get(server.configuration) ?? new Set<string>()
    found.set(server.configuration, addresses.add(address))
  }
  return found
})

/** True in a file of servers that is whole, in which nothing sets a parameter for this location. */
function hasNone({ server, block }: NginxConnection): boolean {
  const set = requestParametersAtHand(server.configuration, block, 'fastcgi')
  return set.known && set.value.complete && set.value.headers.length === 0
}

/** Another location that includes `fastcgi_params`, and sets beside it what the file has not. */
function besideThatSetsIt(
  deployment: Deployment,
  { server, block }: NginxConnection,
): NginxConnection | undefined {
  if (!includesParametersAlone(block)) return undefined
  return settersOf(deployment)
    .get(server.configuration)
    ?.find(({ block: other }) => other !== block)
}

const settersOf = memo(
  (
    deployment: Deployment,
  ): ReadonlyMap<NginxConnection['server']['configuration'], readonly NginxConnection[]> =>
    groupBy(
      deployment.connections.nginx.filter(
        ({ pass, block }) =>
          pass.name === 'fastcgi_pass' &&
          includesParametersAlone(block) &&
          block.children.some(
            ({ name, args }) => name === 'fastcgi_param' && args[0]?.value === 'SCRIPT_FILENAME',
          ),
      ),
      ({ server }) => server.configuration,
    ),
)

function parametersOf({ block }: NginxConnection): readonly string[] {
  return block.children.flatMap(({ name, args }) =>
    name === 'fastcgi_param' && args[0] !== undefined ? [args[0].value] : [],
  )
}

function includesParametersAlone({ children }: NginxDirective): boolean {
  const includes = children.filter(({ name }) => name === 'include')
  return (
    includes.length > 0 &&
    includes.every(({ args }) => /^(?:\/etc\/nginx\/)?fastcgi_params$/.test(args[0]?.value ?? ''))
  )
}

/**
 * True where all that the block includes is `fastcgi_params` as the image of nginx or a package brings it, which
 * overrides the parameters of the server and has no `SCRIPT_FILENAME`.
 */
function includesStockAlone(deployment: Deployment, { block, from }: NginxConnection): boolean {
  if (!includesParametersAlone(block) || hasPlaceholder(block)) return false
  const runs = imagesOf(deployment).get(from.machine) ?? []
  const { path } = block.source
  const own = from.machine.container === null ? runs.filter(run => places(run, path)) : runs
  return own.length > 0 && own.every(hasStockParameters)
}

/**
 * True behind the alias of a path with nothing but `fastcgi_params`: the line that people add to theirs, with
 * `$document_root$fastcgi_script_name`, has the path of the location twice there.
 */
function isBehindAlias({ server, block }: NginxConnection): boolean {
  if (!includesParametersAlone(block)) return false
  const base = fileBase(server.configuration, block)
  if (!base.known || base.value.kind !== 'alias') return false
  const { prefix, path } = base.value
  return prefix !== null && prefix !== '/' && !/\.php$/.test(path)
}

const imagesOf = memo(
  (deployment: Deployment): ReadonlyMap<Machine, readonly RunImage[]> =>
    groupBy([...runImages(deployment)], ({ machine }) => machine),
)

/** True where the image gets this file. */
function places({ mounts }: RunImage, file: string): boolean {
  return mounts.some(({ path }) => path !== null && (path === file || file.startsWith(`${path}/`)))
}

function hasStockParameters({ base, image, mounts, command }: RunImage): boolean {
  if (command === undefined || !STOCK_IMAGES.test(base ?? '')) return false
  if (mounts.some(({ target }) => /^\/(?:etc(?:\/nginx(?:\/fastcgi_params)?)?)?$/.test(target))) return false
  return (image?.steps ?? []).every(step => {
    if ('sources' in step) return step.target.known
    const text = stepText(step.command)
    return step.documents.length === 0 && !/fastcgi|\.sh\b|\/etc\/nginx\/?\s*(?:$|[;&|])/.test(text)
  })
}

/** Images with the `fastcgi_params` of nginx, or of a distribution that changes nothing in it. */
const STOCK_IMAGES = /^(?:nginx|nginxinc\/nginx-unprivileged|alpine|debian|ubuntu)$/
