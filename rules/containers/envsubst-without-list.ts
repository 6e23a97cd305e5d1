import type { Place } from '../../parsers/text/source.ts'
import { conf } from '../../src/engine/conf.ts'
import { defineRule } from '../../src/engine/rule.ts'
import { type RunImage, runImages } from './_images.ts'
import { sourceAt } from '../../src/files/file-system.ts'

const compose = (list: string): string => conf`
  services:
    web:
      image: nginx:1.27
      environment:
        APP_PORT: "8000"
      volumes:
        - ./site.conf.template:/etc/nginx/conf.d/site.conf.template:ro
      command: «["sh", "-c", "envsubst ${list}< /etc/nginx/conf.d/site.conf.template > /etc/nginx/conf.d/default.conf && nginx -g 'daemon off;'"]»
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
  ],
  good: [
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
    for (const run of runImages(deployment)) {
      const { command } = run
      if (command === null || command === undefined) continue
      const script = command.words.join(' ')
      for (const [, path = ''] of script.matchAll(/\benvsubst\s*<\s*(\/[^\s;&|'"]+)/g)) {
        const lost = lostIn(run, path)
        if (lost === null) continue
        yield {
          at: command.at,
          message: `\`envsubst\` has no list here, and leaves nothing of \`${lost.name}\``,
          label: 'replaces every variable',
          related: [{ at: lost.at, message: 'a variable of nginx' }],
        }
        break
      }
    }
  },
})

/** Variables of nginx that no environment has. */
const OF_NGINX =
  /\$\{?(?:host|http_\w+|uri|request_uri|scheme|remote_addr|args|proxy_add_x_forwarded_for|document_root|fastcgi_\w+|server_name|request_filename|binary_remote_addr|request_method|connection_upgrade)\b\}?/

function lostIn(
  { mounts, files, machine }: RunImage,
  path: string,
): { readonly name: string; readonly at: Place } | null {
  const file = mounts.find(({ target }) => target === path)?.path ?? null
  const source = file === null ? null : sourceAt(files, file)
  if (source === null) return null
  const found = OF_NGINX.exec(source.text.replace(/^\s*#.*$/gm, line => ' '.repeat(line.length)))
  if (found === null) return null
  const name = /\w+/.exec(found[0])?.[0] ?? ''
  if (machine.container?.service.environment.some(variable => variable.name === name) === true) return null
  return { name: found[0], at: { source, start: found.index, end: found.index + found[0].length } }
}
