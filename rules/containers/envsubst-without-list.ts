import { posix } from 'node:path'
import { matchedPlace, type Place } from '../../parsers/text/source.ts'
import { placeOf, sliceWritten, type WrittenText } from '../../parsers/text/written-text.ts'
import { serviceVariables } from '../../src/deployment/containers/service-variables.ts'
import { conf } from '../../src/engine/conf.ts'
import { defineRule } from '../../src/engine/rule.ts'
import { sourceAt } from '../../src/files/file-system.ts'
import { shellTexts } from './_shell-texts.ts'
import { buildSteps, looseIn, type Started, startedIn } from './_started-words.ts'

const compose = (list: string): string => conf`
  services:
    web:
      image: nginx:1.27
      environment:
        APP_PORT: "8000"
      volumes:
        - ./site.conf.template:/etc/nginx/conf.d/site.conf.template:ro
      command: ["sh", "-c", "«envsubst» ${list}< /etc/nginx/conf.d/site.conf.template > /etc/nginx/conf.d/default.conf && nginx -g 'daemon off;'"]
    app:
      image: example/app
`
const template = (variable: string): string => conf`
  server {
      listen 80;
      location / {
          proxy_pass http://app:\${APP_PORT};
          proxy_set_header Host ${variable};
      }
  }
`

/** An image that is built, with a script that starts nginx. */
const built = (
  script: string,
  steps = '',
  start = 'CMD ["/bin/sh", "/start.sh"]',
): Record<string, string> => ({
  'docker-compose.yml': conf`
    services:
      web:
        build: .
        environment:
          APP_PORT: "8000"
      app:
        image: example/app
  `,
  Dockerfile: conf`
    FROM nginx:1.27-alpine
    COPY docker/site.conf.template /etc/nginx/site.conf.template
    COPY docker/start.sh /start.sh
    ${steps}
    ${start}
  `,
  'docker/site.conf.template': template('$host'),
  'docker/start.sh': script,
})

export default defineRule({
  summary: '`envsubst` takes the variables of nginx for its own, and leaves nothing of them',
  severity: 'error',
  confidence: 'high',
  since: '0.1.0',
  why: 'Without a list `envsubst` replaces everything that looks like a variable, by nothing where the environment has none. `$host` and `$uri` are gone before nginx reads the file: it refuses it, or sends empty headers and looks for no files.',
  remedy:
    "Name the variables: `envsubst '$APP_PORT' < …`; or put the template into `/etc/nginx/templates`, of which the image of nginx replaces those alone that are set",
  references: [
    'https://hub.docker.com/_/nginx',
    'https://www.gnu.org/software/gettext/manual/gettext.html#envsubst-Invocation',
  ],
  unproven: 'The live tests start no containers',
  bad: [
    {
      title: 'a header of the request',
      files: { 'docker-compose.yml': compose(''), 'site.conf.template': template('$host') },
    },
    {
      title: 'a script that is started',
      files: built(conf`
        #!/bin/sh
        set -e
        «envsubst» < /etc/nginx/site.conf.template > /etc/nginx/conf.d/default.conf
        exec nginx -g 'daemon off;'
      `),
    },
    {
      title: 'a file of a variable, through a pipe',
      files: built(conf`
        #!/bin/sh
        TEMPLATE=/etc/nginx/site.conf.template
        cat "$TEMPLATE" | «envsubst» > /etc/nginx/conf.d/default.conf
        exec nginx -g 'daemon off;'
      `),
    },
    {
      title: 'a script that the entry point of the image runs',
      files: built(
        '#!/bin/sh\n«envsubst» </etc/nginx/site.conf.template >/etc/nginx/conf.d/default.conf\n',
        'COPY docker/start.sh /docker-entrypoint.d/40-site.sh',
        '',
      ),
    },
    {
      title: 'a step of the build',
      files: built('', 'RUN «envsubst» < /etc/nginx/site.conf.template > /etc/nginx/conf.d/default.conf', ''),
    },
    {
      title: 'a command of the Dockerfile',
      files: built(
        '',
        '',
        `CMD «envsubst» < /etc/nginx/site.conf.template > /etc/nginx/conf.d/default.conf && exec nginx -g 'daemon off;'`,
      ),
    },
  ],
  good: [
    {
      title: 'a list in a script',
      files: built(conf`
        #!/bin/sh
        envsubst '$APP_PORT' < /etc/nginx/site.conf.template > /etc/nginx/conf.d/default.conf
        exec nginx -g 'daemon off;'
      `),
    },
    {
      title: 'a list of all variables that are set',
      files: built(conf`
        #!/bin/sh
        envsubst "$(env | sed -e 's/=.*//' -e 's/^/\$/g')" < /etc/nginx/site.conf.template > /etc/nginx/conf.d/default.conf
        exec nginx -g 'daemon off;'
      `),
    },
    {
      title: 'variables that stand for themselves',
      files: built(conf`
        #!/bin/sh
        export host='$host'
        envsubst < /etc/nginx/site.conf.template > /etc/nginx/conf.d/default.conf
        exec nginx -g 'daemon off;'
      `),
    },
    {
      title: 'a comment',
      files: built(conf`
        #!/bin/sh
        # envsubst < /etc/nginx/site.conf.template > /etc/nginx/conf.d/default.conf
        exec nginx -g 'daemon off;'
      `),
    },
    {
      title: 'a list',
      files: { 'docker-compose.yml': compose("'$$APP_PORT' "), 'site.conf.template': template('$host') },
    },
    {
      title: 'a sign by a variable of its own, and a template that has none of nginx',
      files: {
        'docker-compose.yml': compose(''),
        'site.conf.template': template('${DOLLAR}host'),
      },
    },
  ],
  *check(deployment) {
    for (const started of [...startedIn(deployment), ...looseIn(deployment)]) {
      if (!hasNginx(started)) continue
      const texts = [...shellTexts(started)].filter(({ text }) => text.includes('envsubst'))
      for (const text of texts) {
        for (const { input, start } of substitutions(text.text)) {
          const lost = lostIn(started, input, texts)
          if (lost === null) continue
          yield {
            at: placeOf(sliceWritten(text, start, start + PROGRAM.length)),
            message: `\`envsubst\` has no list here, and leaves nothing of \`${lost.name}\``,
            label: 'replaces every variable',
            related: [{ at: lost.at, message: 'a variable of nginx' }],
          }
        }
      }
    }
  },
})

const PROGRAM = 'envsubst'

/** True for an image of nginx, and for one into which its program is installed. */
function hasNginx({ reference, image }: Started): boolean {
  return (
    reference === null ||
    /nginx|openresty/.test(reference) ||
    buildSteps({ image }).some(step => step.includes('nginx'))
  )
}

interface Substitution {
  /** The file that is read, as it is written. */
  readonly input: string
  readonly start: number
}

const CALL =
  /(?:\bcat\s+(?<piped>[^\s;&|<>()]+)\s*\|\s*)?(?<program>\benvsubst)(?![\w.-])(?<words>(?:\s*\d?(?:<|>>?)\s*[^\s;&|<>()]+)*)[ \t]*(?=[;&|)\n]|$)/g

/** Calls that say nothing of which variables are replaced. */
function substitutions(script: string): readonly Substitution[] {
  const code = script
    .replace(/(?<=^|\s)#.*$/gm, comment => ' '.repeat(comment.length))
    .replaceAll('\\\n', '  ')
  const values = assignments(code)
  return [...code.matchAll(CALL)].flatMap(({ index, groups, 0: call }) => {
    const { piped, words = '' } = groups!
    const written = (/<\s*([^\s<>]+)/.exec(words)?.[1] ?? piped)?.replace(/["']/g, '')
    const input = written?.replace(/\$\{?(\w+)\}?/g, (whole, name: string) => values.get(name) ?? whole)
    if (input === undefined || input.includes('$')) return []
    return [{ input, start: index + call.indexOf(PROGRAM) }]
  })
}

/** Variables of a script that have one value, written out. */
function assignments(code: string): ReadonlyMap<string, string> {
  const found = new Map<string, string>()
  for (const [, name, , value] of code.matchAll(/(?:^|[\s;])(\w+)=(["']?)([\w./-]+)\2(?=[\s;]|$)/g))
    found.set(name!, found.has(name!) && found.get(name!) !== value ? '$' : value!)
  return found
}

/** A variable of nginx that no environment has; one that a template makes is as well. */
const OF_NGINX =
  /\$\{?(?:host|hostname|http_\w+|uri|request_uri|document_uri|scheme|args|arg_\w+|is_args|query_string|remote_addr|remote_port|remote_user|realpath_root|proxy_add_x_forwarded_for|proxy_host|document_root|fastcgi_\w+|server_(?:name|port|addr|protocol)|request(?:_filename|_method|_body|_time|_id)?|binary_remote_addr|body_bytes_sent|cookie_\w+|sent_http_\w+|upstream_\w+|ssl_\w+|status|time_local|connection_upgrade|content_type|content_length|uid_got|uid_set|nginx_version|https)\b\}?/g
const IS_NGINX = /^\s*(?:server|location|upstream|map|http|events)\b[^;\n]*\{/m

function lostIn(
  started: Started,
  path: string,
  texts: readonly WrittenText[],
): { readonly name: string; readonly at: Place } | null {
  const { service, image, files, hostFiles } = started
  const directory = service?.workingDirectory ?? image?.workingDirectory
  const home = directory?.known === true ? directory.value : '/'
  const source = sourceAt(files, posix.resolve(home, path))
  if (source === null || !IS_NGINX.test(source.text)) return null
  const given = service === null ? null : serviceVariables(service, hostFiles)
  const names = new Set([...(given?.variables ?? []), ...(image?.environment ?? [])].map(({ name }) => name))
  const text = source.text.replace(/^\s*#.*$/gm, line => ' '.repeat(line.length))
  for (const found of text.matchAll(OF_NGINX)) {
    const name = /\w+/.exec(found[0])?.[0] ?? ''
    // `host='$host' envsubst < …` puts it where it was.
    const isGiven = names.has(name) || texts.some(script => new RegExp(`\\b${name}=`).test(script.text))
    if (!isGiven) return { name: found[0], at: matchedPlace(source, found) }
  }
  return null
}
