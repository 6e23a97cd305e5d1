import { posix } from 'node:path'
import { stepText } from '../../parsers/dockerfile/command-text.ts'
import { argumentPlace, namePlace } from '../../src/deployment/places.ts'
import { isNginxImage } from '../../src/deployment/containers/nginx-image.ts'
import { conf } from '../../src/engine/conf.ts'
import { defineRule, type RuleFinding } from '../../src/engine/rule.ts'
import type { NginxConfiguration, NginxDirective } from '../../src/servers/nginx/configuration.ts'
import { modulesOf } from '../_nginx-modules.ts'
import { type RunImage, runImages } from './_images.ts'

const compose = (image: string, target: string, more = ''): string => conf`
  services:
    web:
      ${image}
      ports:
        - "80:80"
      volumes:
        - ./nginx.conf:${target}:ro
        ${more}
`
const main = (top: string, lines: string): string => conf`
  ${top}
  events {
  }
  http {
      include mime.types;
      ${lines}
      server {
          listen 80;
          root /usr/share/nginx/html;
      }
  }
`
const MAIN = '/etc/nginx/nginx.conf'
const BROTLI = 'load_module «modules/ngx_http_brotli_filter_module.so»;'

export default defineRule({
  summary: 'nginx is asked for a module that its image does not have',
  severity: 'error',
  confidence: 'high',
  since: '0.1.0',
  why: 'The images of nginx have the modules of nginx itself; of those that are loaded, geoip, image_filter, js and xslt alone. A directive of another module is an unknown one: `unknown directive "more_set_headers"`. A module that is not there cannot be loaded: `dlopen() "/etc/nginx/modules/….so" failed`. Either way the container does not start.',
  remedy:
    'Write it without the module (`add_header … always` for `more_set_headers`, `gzip` for `brotli`), load it where the image has it, or use an image that is built with it',
  references: [
    'https://hub.docker.com/_/nginx',
    'https://github.com/nginx/docker-nginx/blob/master/modules/README.md',
  ],
  unproven: 'The live tests start no containers: which modules an image has, no loopback shows',
  bad: [
    {
      title: 'a header of a third-party module',
      files: {
        'docker-compose.yml': compose('image: nginx:1.27', '/etc/nginx/conf.d/default.conf'),
        'nginx.conf': conf`
          server {
              listen 80;
              root /usr/share/nginx/html;
              «more_set_headers» "X-Frame-Options: DENY";
              more_set_headers "Referrer-Policy: same-origin";
          }
        `,
      },
    },
    {
      title: 'a module that is not there',
      files: {
        'docker-compose.yml': compose('image: nginx:1.27-alpine', MAIN),
        'nginx.conf': main(BROTLI, 'brotli on;'),
      },
    },
    {
      title: 'a module of the image that nothing loads',
      files: {
        'docker-compose.yml': compose('image: nginx:1.27', MAIN),
        'nginx.conf': main('', '«geoip_country» /etc/nginx/geoip.dat;'),
      },
    },
    {
      title: 'an image that is built without it',
      files: {
        Dockerfile: conf`
          FROM nginx:1.27-alpine
          RUN apk add --no-cache curl
          COPY nginx.conf /etc/nginx/nginx.conf
        `,
        'nginx.conf': main('', '«brotli» on;'),
      },
    },
  ],
  good: [
    {
      title: 'modules of the image that are loaded',
      files: {
        'docker-compose.yml': compose('image: nginx:1.27', MAIN),
        'nginx.conf': main(
          conf`
            load_module modules/ngx_http_geoip_module.so;
            load_module /etc/nginx/modules/ngx_http_image_filter_module.so;
          `,
          'geoip_country /etc/nginx/geoip.dat;',
        ),
      },
    },
    {
      title: 'a directory that holds its own modules',
      files: {
        'docker-compose.yml': conf`
          services:
            web:
              image: nginx:1.27
              ports:
                - "80:80"
              volumes:
                - ./nginx:/etc/nginx:ro
        `,
        'nginx/nginx.conf': main('load_module modules/ngx_http_brotli_filter_module.so;', 'brotli on;'),
        'nginx/modules/ngx_http_brotli_filter_module.so': '',
      },
    },
    {
      title: 'an image of somebody else',
      files: {
        'docker-compose.yml': compose('image: fholzer/nginx-brotli:latest', MAIN),
        'nginx.conf': main('', 'brotli on;'),
      },
    },
    {
      title: 'a module that is mounted',
      files: {
        'docker-compose.yml': compose('image: nginx:1.27', MAIN, '- ./modules:/etc/nginx/modules:ro'),
        'nginx.conf': main('load_module modules/ngx_http_brotli_filter_module.so;', 'brotli on;'),
      },
    },
    {
      title: 'a module that the build brings',
      files: {
        Dockerfile: conf`
          FROM nginx:1.27 AS modules
          RUN make modules
          FROM nginx:1.27
          COPY --from=modules /src/objs/ngx_http_brotli_filter_module.so /usr/lib/nginx/modules/
          COPY nginx.conf /etc/nginx/nginx.conf
        `,
        'nginx.conf': main('load_module modules/ngx_http_brotli_filter_module.so;', 'brotli on;'),
      },
    },
    {
      title: 'a module that the build installs',
      files: {
        Dockerfile: conf`
          FROM nginx:1.27-alpine
          RUN apk add --no-cache nginx-mod-http-headers-more
          COPY nginx.conf /etc/nginx/nginx.conf
        `,
        'nginx.conf': main('', 'more_set_headers "A: b";'),
      },
    },
    {
      title: 'the image with Perl',
      files: {
        'docker-compose.yml': compose('image: nginx:1.27-perl', MAIN),
        'nginx.conf': main('load_module modules/ngx_http_perl_module.so;', 'perl_modules perl;'),
      },
    },
    {
      title: 'a main file that includes what nobody sees',
      files: {
        'docker-compose.yml': compose('image: nginx:1.27', MAIN),
        'nginx.conf': main('include /etc/nginx/modules-enabled/*.conf;', 'geoip_country /etc/geoip.dat;'),
      },
    },
  ],
  *check(deployment) {
    for (const run of runImages(deployment)) {
      if (!isNginxImage(run.base) || bringsModules(run)) continue
      for (const program of run.machine.programs)
        if (program.kind === 'nginx') yield* lackingIn(run, program.configuration)
    }
  },
})

function* lackingIn(run: RunImage, { occurrences }: NginxConfiguration): Iterable<RuleFinding> {
  const loaded = new Set<string>()
  for (const line of occurrences.get('load_module') ?? []) {
    const path = line.args[0]?.value ?? ''
    const name = posix.basename(path, '.so').replace(/-debug$/, '')
    loaded.add(name)
    if (!MODULE_PATH.test(path) || !isPlaced(run, line) || isInImage(run, name)) continue
    yield {
      at: argumentPlace(line, 0),
      message: `\`${run.reference}\` has no module \`${name}\`: dlopen() "/etc/nginx/modules/${name}.so" failed`,
      label: 'nginx does not start',
    }
  }
  // A main file that includes more may load more.
  if ((occurrences.get('include') ?? []).some(({ context }) => context === 'main')) return
  const reported = new Set<string>()
  for (const [name, [line]] of occurrences) {
    if (line === undefined || line.context === 'unknown' || line.context === 'data') continue
    const modules = modulesOf(name)
    if (modules.length === 0 || modules.some(module => loaded.has(module)) || !isPlaced(run, line)) continue
    const [module = ''] = modules
    if (reported.has(module)) continue
    reported.add(module)
    yield {
      at: namePlace(line),
      message: isInImage(run, module)
        ? `\`${name}\` is of the module \`${module}\`, which nothing loads: unknown directive "${name}"`
        : `\`${name}\` is of a module that \`${run.reference}\` does not have: unknown directive "${name}"`,
      label: 'nginx does not start',
      ...(isInImage(run, module) && { help: `Write \`load_module modules/${module}.so;\` at the top` }),
    }
  }
}

/** Where the image has its modules, by the prefix that it is built with. */
const MODULE_PATH =
  /^(?:(?:\/etc\/nginx\/|\/usr\/lib\/nginx\/|\.\/)?modules\/|\/usr\/share\/nginx\/modules\/)[^/]+$/

/** What is in every image but the slim ones, and what may be in some of them. */
const IN_IMAGE =
  /^ngx_(?:http_(?:geoip|image_filter|xslt_filter|js)|stream_(?:geoip|js))_module$|^ngx_http_acme_module$/

function isInImage({ reference }: RunImage, module: string): boolean {
  const tag = reference ?? ''
  if (module === 'ngx_http_perl_module') return /-perl\b/.test(tag)
  if (module === 'ngx_otel_module') return /-otel\b/.test(tag)
  return IN_IMAGE.test(module) && !/-slim\b/.test(tag)
}

/** True for a line of a file that the container has: all that its machine reads, or what a Dockerfile copies. */
function isPlaced({ machine, mounts }: RunImage, { source }: NginxDirective): boolean {
  return (
    machine.container !== null ||
    mounts.some(({ path }) => path !== null && (source.path === path || source.path.startsWith(`${path}/`)))
  )
}

/** True where modules come by a volume or a step of the build, or where nobody knows. */
function bringsModules({ reference, mounts, image, command, files }: RunImage): boolean {
  if (reference === null || command === undefined) return true
  const isBrought = mounts.some(({ target, path }) =>
    target === '/etc/nginx'
      ? path === null || files.kind(posix.join(path, 'modules')) !== null
      : MODULES_AT.test(target),
  )
  if (isBrought) return true
  if (command !== null && MAKES_MODULES.test(command.words.join(' '))) return true
  return (image?.steps ?? []).some(step => {
    if ('sources' in step)
      return (
        !step.target.known ||
        (step.from !== null && /^\/etc\/nginx\/?$/.test(step.target.value)) ||
        MODULES_AT.test(step.target.value.replace(/(?<=.)\/$/, '')) ||
        step.sources.some(
          source => !source.known || /\.(?:so|sh|apk|deb)$|\/s?bin\/nginx$/.test(source.value),
        )
      )
    return step.documents.length > 0 || MAKES_MODULES.test(stepText(step.command))
  })
}

/** Directories that hold modules, or the program itself. */
const MODULES_AT = /^\/(?:etc(?:\/nginx\/modules.*)?|usr(?:\/(?:lib|local|sbin)\b.*)?|modules.*|opt.*)?$/

const MAKES_MODULES =
  /\b(?:apk|apt|apt-get|dnf|yum|microdnf|tdnf)\b[^;&|]*nginx|\bmake\b|\bconfigure\b|modules|\.so\b|\.sh\b|\bgit\b|\bsource\b|\$\(/
