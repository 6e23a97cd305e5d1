import { posix } from 'node:path'
import { conf } from '../../src/engine/conf.ts'
import { defineRule, type RuleFinding } from '../../src/engine/rule.ts'
import { composeWith, siteTo } from './_examples.ts'
import { looseIn, scriptAt, type Started, startedIn } from './_started-words.ts'

const SCRIPT = conf`
  #!/bin/sh
  set -e
  php artisan migrate --force
  exec "$@"
`
const built = (dockerfile: string, command = '', script = SCRIPT): Record<string, string> => ({
  'docker-compose.yml': composeWith({ command }),
  'nginx/site.conf': siteTo('web:8000'),
  'web/Dockerfile': dockerfile,
  'web/entrypoint.sh': script,
})
const image = (lines: string, base = 'php:8.3-fpm'): string => conf`
  FROM ${base}
  COPY entrypoint.sh /usr/local/bin/entrypoint.sh
  ${lines}
`

export default defineRule({
  summary: 'A new `ENTRYPOINT` takes the command of the base image away, and nothing is left to start',
  severity: 'error',
  otherSeverities: {
    warning: 'where no compose file starts the image, and whoever runs it may give a command',
  },
  confidence: 'high',
  since: '0.1.0',
  why: 'With an `ENTRYPOINT` of its own an image has no command any more, whatever the base image has: `php-fpm`, `nginx -g "daemon off;"`, `apache2-foreground`. A script that ends with `exec "$@"` then runs nothing, and the container ends with status 0 as soon as it has started.',
  remedy: 'Write the `CMD` of the base image below the `ENTRYPOINT`: `CMD ["php-fpm"]`',
  references: ['https://docs.docker.com/reference/dockerfile/#understand-how-cmd-and-entrypoint-interact'],
  unproven: 'The live tests start no containers',
  bad: [
    {
      title: 'a script that starts what it is given',
      files: built(image('«ENTRYPOINT» ["entrypoint.sh"]').replace('["entry', '["/usr/local/bin/entry')),
    },
    {
      title: 'the command of an earlier stage, before it',
      files: built(
        conf`
          FROM httpd:2.4 AS base
          CMD ["httpd-foreground"]

          FROM base
          COPY entrypoint.sh /entrypoint.sh
          «ENTRYPOINT» ["/entrypoint.sh"]
        `,
      ),
    },
    {
      title: 'the script of the base image',
      files: built(image('«ENTRYPOINT» ["docker-php-entrypoint"]')),
    },
    {
      title: 'an init that is given nothing',
      files: built(image('«ENTRYPOINT» ["/sbin/tini", "--"]', 'php:8-apache')),
    },
    {
      title: 'an image that no compose file builds',
      files: {
        Dockerfile: conf`
          FROM nginx:1.27
          COPY site.conf /etc/nginx/conf.d/default.conf
          COPY entrypoint.sh /entrypoint.sh
          «ENTRYPOINT» ["/entrypoint.sh"]
        `,
        'site.conf': siteTo('192.0.2.7:8000'),
        'entrypoint.sh': SCRIPT,
      },
    },
  ],
  good: [
    {
      title: 'a command below it',
      files: built(image('ENTRYPOINT ["/usr/local/bin/entrypoint.sh"]\nCMD ["php-fpm"]')),
    },
    {
      title: 'a command of the compose file',
      files: built(image('ENTRYPOINT ["/usr/local/bin/entrypoint.sh"]'), 'php-fpm'),
    },
    {
      title: 'a script that starts the server by itself',
      files: built(
        image('ENTRYPOINT ["/usr/local/bin/entrypoint.sh"]'),
        '',
        SCRIPT.replace('exec "$@"', 'exec php-fpm'),
      ),
    },
    {
      title: 'a script that has a command for that case',
      files: built(
        image('ENTRYPOINT ["/usr/local/bin/entrypoint.sh"]'),
        '',
        SCRIPT.replace('exec', '[ $# -gt 0 ] || set -- php-fpm\nexec'),
      ),
    },
    {
      title: 'a command behind the script',
      files: built(image('ENTRYPOINT ["/usr/local/bin/entrypoint.sh", "php-fpm"]')),
    },
    {
      title: 'a base image that has no server',
      files: built(image('ENTRYPOINT ["/usr/local/bin/entrypoint.sh"]', 'alpine:3.20')),
    },
  ],
  *check(deployment) {
    for (const started of [...startedIn(deployment), ...looseIn(deployment)]) {
      const found = faultOf(started)
      if (found !== null) yield found
    }
  },
})

/** Images whose command starts a server, and what it is. */
const SERVING: readonly (readonly [image: RegExp, command: string])[] = [
  [/^php:\S*fpm/, '["php-fpm"]'],
  [/^(?:php|wordpress|drupal|nextcloud):\S*apache/, '["apache2-foreground"]'],
  [/^(?:wordpress|drupal|nextcloud):\S*fpm/, '["php-fpm"]'],
  [/^(?:wordpress|nextcloud|drupal)(?::[\d.]+|:latest)?$/, '["apache2-foreground"]'],
  [/^(?:nginx|nginxinc\/nginx-unprivileged)(?=[:@]|$)/, '["nginx", "-g", "daemon off;"]'],
  [/^httpd(?=[:@]|$)/, '["httpd-foreground"]'],
]

function faultOf(started: Started): RuleFinding | null {
  const { service, image, reference, fault } = started
  if (image === null || image.entrypoint === null || image.command !== null || fault !== null) return null
  if (service !== null && (!service.complete || service.command !== null || service.entrypoint !== null))
    return null
  const command = SERVING.find(([known]) => known.test(reference ?? ''))?.[1]
  const said = command === undefined ? null : saidOf(started)
  if (command === undefined || said === null) return null
  return {
    at: image.entrypoint.at,
    ...(service === null && { severity: 'warning' as const }),
    message: `this takes \`CMD ${command}\` of \`${reference}\` away: ${said}`,
    label: 'no command any more',
    help: `Add \`CMD ${command}\` below it`,
  }
}

/** What becomes of a container without a command; null where its entry point may do without. */
function saidOf(started: Started): string | null {
  const { entrypoint } = started.image!
  if (entrypoint?.form !== 'exec') return null
  const [first, ...rest] = entrypoint.words
  if (first === undefined) return null
  const name = posix.basename(first.text)
  if (/^(?:tini|dumb-init)$/.test(name) && rest.every(({ text }) => text === '--'))
    return `\`${name}\` is given nothing to start`
  if (rest.length > 0) return null
  const ENDS = 'ends with `exec "$@"`, which starts nothing, and the container ends with it'
  if (name === 'docker-php-entrypoint') return `\`${name}\` ${ENDS}`
  const script = scriptAt(started, first)?.source.code
  if (script === undefined || !PASSING.test(script) || DEFAULTS.test(script)) return null
  return `\`${name}\` ${ENDS}`
}

/** A script that ends by starting what it is given. */
const PASSING = /^[ \t]*(?:exec\s+)?"?\$@"?[ \t]*;?\s*$(?![\s\S]*\S)/m
/** What may stand in for a command that is not given, and what starts a server before. */
const DEFAULTS =
  /\bset\s+--|\$#|\$\{[1@*][-:+=]|\[\[?\s+(?:-[zn]\s+)?["']?\$\{?[1@*]|\bcase\s+["']?\$\{?1|^[ \t]*(?:exec[ \t]+)?(?:php-fpm|nginx|apache2-foreground|apachectl|httpd|supervisord|service)\b/m
