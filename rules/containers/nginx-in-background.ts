import { posix } from 'node:path'
import { holdsPort } from '../../parsers/compose/holds-port.ts'
import { commandText } from '../../parsers/dockerfile/command-text.ts'
import type { Place } from '../../parsers/text/source.ts'
import { placeOf, type WrittenText } from '../../parsers/text/written-text.ts'
import { conf } from '../../src/engine/conf.ts'
import type { FileSystem } from '../../src/files/file-system.ts'
import { defineRule, type RuleFinding } from '../../src/engine/rule.ts'
import { nginxMain } from '../_examples.ts'
import { composeWith, siteTo } from './_examples.ts'
import { endsInBackground, type LastCommand } from './_ends-in-background.ts'
import { isForeignImage, looseImages, type RunImage, runImages } from './_images.ts'
import { type Leaving, STAYS, whoLeaves } from './_leaving.ts'
import { hasLine, namedMainFile } from './_named-main-file.ts'
import { buildSteps, startedBy } from './_started-words.ts'
import { supervisorOfImage } from './_supervisor-of-image.ts'

const files = (nginx: string, more: Record<string, string> = {}): Record<string, string> => ({
  'docker-compose.yml': composeWith({ nginx }),
  'nginx/site.conf': siteTo('web:8000'),
  ...more,
})
const built = (dockerfile: string): Record<string, string> => ({
  'docker-compose.yml': composeWith().replace('image: nginx:1.27', 'build: ./nginx'),
  'nginx/site.conf': siteTo('web:8000'),
  'nginx/Dockerfile': dockerfile,
})

export default defineRule({
  summary: 'A server goes into the background, and what started it takes it for ended',
  severity: 'error',
  confidence: 'high',
  since: '0.1.0',
  why: 'A container lives as long as its first process. nginx starts others and ends, unless it is told to stay: the container stops with status 0 as soon as it has started, or starts over and over. supervisord watches the process that it started, too: it starts the server again, whose port is taken, until it gives up. Apache and PHP-FPM of Debian do the same, and so do `pm2 start` and `catalina.sh start`.',
  remedy:
    'Write `CMD ["nginx", "-g", "daemon off;"]`, which is what the image of nginx does by itself; `apachectl -D FOREGROUND`; `php-fpm8.2 --nodaemonize`; `pm2-runtime start`; `catalina.sh run`',
  references: ['https://hub.docker.com/_/nginx', 'https://nginx.org/en/docs/ngx_core_module.html#daemon'],
  unproven: 'The live tests start no containers, and nothing there ends with its first process',
  bad: [
    { title: 'the program alone', files: files('command: «nginx»') },
    {
      title: 'in a Dockerfile',
      files: built(conf`
        FROM debian:12
        RUN apt-get update && apt-get install -y nginx
        COPY site.conf /etc/nginx/conf.d/default.conf
        «CMD» ["nginx"]
      `),
    },
    {
      title: 'as a service of the distribution',
      files: built(conf`
        FROM ubuntu:24.04
        RUN apt-get update && apt-get install -y nginx
        COPY site.conf /etc/nginx/conf.d/default.conf
        «CMD» service nginx start
      `),
    },
    {
      title: 'two services, one after the other',
      files: built(conf`
        FROM ubuntu:22.04
        RUN apt-get update && apt-get install -y nginx php8.1-fpm
        COPY site.conf /etc/nginx/conf.d/default.conf
        CMD service php8.1-fpm start && «service nginx start»
      `),
    },
    {
      title: 'words for a shell, of which the last has no foreground',
      files: files(`command: sh -c "envsubst < /site.tmpl > /etc/nginx/conf.d/default.conf && «nginx»"`),
    },
    {
      title: 'a script that ends with a service',
      files: {
        ...built(conf`
          FROM debian:12
          RUN apt-get update && apt-get install -y apache2 cron
          COPY start.sh /start.sh
          COPY site.conf /etc/nginx/conf.d/default.conf
          ENTRYPOINT ["/bin/bash", "/start.sh"]
        `),
        'nginx/start.sh': conf`
          #!/bin/bash
          set -e
          if [ -n "$TZ" ]; then
              echo "$TZ" > /etc/timezone
          fi
          service cron start
          «service apache2 start» > /dev/null 2>&1
          echo "started"
        `,
      },
    },
    {
      title: 'a script that waits for the database before',
      files: {
        ...built(conf`
          FROM debian:12
          RUN apt-get update && apt-get install -y nginx php8.2-fpm netcat-openbsd
          WORKDIR /srv
          COPY start.sh .
          COPY site.conf /etc/nginx/conf.d/default.conf
          CMD ["bash", "start.sh"]
        `),
        'nginx/start.sh': conf`
          #!/bin/bash
          until nc -z "$DB_HOST" 3306; do
              echo "waiting"
              sleep 1
          done
          for name in cache logs; do mkdir -p "/srv/$name"; done
          while ! php artisan migrate --force; do sleep 2; done
          service php8.2-fpm start
          «nginx»
        `,
      },
    },
    {
      title: 'a server that the script sends into the background',
      files: {
        ...built(conf`
          FROM python:3.12
          RUN apt-get update && apt-get install -y nginx
          COPY start.sh site.conf /srv/
          CMD /srv/start.sh
        `),
        'nginx/start.sh': conf`
          #!/bin/sh
          service nginx start
          «gunicorn --bind 127.0.0.1:8000 shop.wsgi» &
        `,
      },
    },
    {
      title: 'a Dockerfile without a compose file',
      files: {
        Dockerfile: conf`
          FROM nginx:1.27
          COPY site.conf /etc/nginx/conf.d/default.conf
          «CMD» ["nginx"]
        `,
        'site.conf': siteTo('192.0.2.7:8000'),
      },
    },
    {
      title: 'PM2, which starts Node.js and ends',
      files: {
        'docker-compose.yml': composeWith({ command: '«pm2 start ecosystem.config.js»' }),
        'nginx/site.conf': siteTo('web:8000'),
      },
    },
    {
      title: 'Apache as a service',
      files: built(conf`
        FROM ubuntu:24.04
        RUN apt-get update && apt-get install -y apache2
        COPY site.conf /etc/nginx/conf.d/default.conf
        «CMD» ["apachectl", "start"]
      `),
    },
    {
      title: 'programs of a supervisord in an image',
      files: {
        Dockerfile: conf`
          FROM debian:12
          RUN apt-get update && apt-get install -y nginx php8.2-fpm supervisor
          COPY site.conf /etc/nginx/conf.d/default.conf
          COPY docker/supervisord.conf /etc/supervisor/conf.d/all.conf
          CMD ["/usr/bin/supervisord", "-n"]
        `,
        'site.conf': siteTo('192.0.2.7:8000'),
        'docker/supervisord.conf': conf`
          [program:nginx]
          command=«/usr/sbin/nginx»

          [program:php]
          command=«/usr/sbin/php-fpm8.2» -c /etc/php/8.2/fpm/php.ini
        `,
      },
    },
    {
      title: 'a program of the supervisord of a service',
      files: {
        ...built(conf`
          FROM debian:12
          RUN apt-get update && apt-get install -y nginx supervisor
          COPY site.conf /etc/nginx/conf.d/default.conf
          COPY supervisord.conf /etc/supervisord.conf
          CMD ["supervisord", "-n", "-c", "/etc/supervisord.conf"]
        `),
        'nginx/supervisord.conf': conf`
          [supervisord]
          nodaemon=true

          [program:nginx]
          command=«service» nginx start
        `,
      },
    },
    {
      title: 'a program of the supervisord of a machine',
      files: {
        'etc/nginx/nginx.conf': nginxMain(siteTo('127.0.0.1:8000')),
        'etc/supervisor/conf.d/web.conf': conf`
          [program:nginx]
          command=«nginx» -c /etc/nginx/nginx.conf
          autorestart=true
        `,
      },
    },
    {
      title: 'a main file of its own, which does not say it either',
      files: {
        ...built(conf`
          FROM alpine:3.20
          RUN apk add --no-cache nginx
          COPY . /app
          «CMD» ["nginx", "-c", "/app/conf/main.conf"]
        `),
        'nginx/conf/main.conf': nginxMain(siteTo('web:8000')),
      },
    },
  ],
  good: [
    {
      title: 'a word for the entry point of an image of somebody else',
      files: {
        'docker-compose.yml': conf`
          services:
            web:
              image: example/runtime:6.1
              command: nginx
        `,
      },
    },
    {
      title: 'PM2 that stays',
      files: {
        'docker-compose.yml': composeWith({ command: 'pm2-runtime start ecosystem.config.js' }),
        'nginx/site.conf': siteTo('web:8000'),
      },
    },
    {
      title: 'programs of supervisord that stay',
      files: {
        Dockerfile: conf`
          FROM debian:12
          RUN apt-get update && apt-get install -y nginx php8.2-fpm supervisor
          COPY site.conf /etc/nginx/conf.d/default.conf
          COPY supervisord.conf /etc/supervisor/conf.d/all.conf
          CMD ["/usr/bin/supervisord", "-n"]
        `,
        'site.conf': siteTo('192.0.2.7:8000'),
        'supervisord.conf': conf`
          [program:nginx]
          command=/usr/sbin/nginx -g "daemon off;"

          [program:php]
          command=/usr/sbin/php-fpm8.2 -F

          [program:apache]
          command=/usr/sbin/apache2ctl -D FOREGROUND
        `,
      },
    },
    {
      title: 'PHP-FPM of the image of PHP, which stays',
      files: {
        Dockerfile: conf`
          FROM php:8.3-fpm
          RUN apt-get update && apt-get install -y nginx supervisor && echo "daemon off;" >> /etc/nginx/nginx.conf
          COPY site.conf /etc/nginx/conf.d/default.conf
          COPY supervisord.conf /etc/supervisor/conf.d/all.conf
          CMD ["/usr/bin/supervisord", "-n"]
        `,
        'site.conf': siteTo('192.0.2.7:8000'),
        'supervisord.conf': conf`
          [program:nginx]
          command=nginx

          [program:php]
          command=php-fpm
        `,
      },
    },
    {
      title: 'a program of the supervisord of a machine whose main file keeps it',
      files: {
        'etc/nginx/nginx.conf': `daemon off;\n${nginxMain(siteTo('127.0.0.1:8000'))}`,
        'etc/supervisor/conf.d/web.conf': conf`
          [program:nginx]
          command=nginx
        `,
      },
    },
    {
      title: 'a main file beside the supervisord of a repository that keeps it',
      files: {
        'conf/nginx.conf': `daemon off;\n${nginxMain(siteTo('127.0.0.1:8000'))}`,
        'conf/supervisord.conf': conf`
          [program:nginx]
          command=/usr/sbin/nginx -c /etc/nginx/nginx.conf
        `,
      },
    },
    {
      title: 'a script of the build that changes the main file',
      files: {
        Dockerfile: conf`
          FROM debian:12
          COPY install.sh /install.sh
          COPY site.conf /etc/nginx/conf.d/default.conf
          COPY supervisord.conf /etc/supervisor/conf.d/all.conf
          RUN /install.sh
          CMD ["/usr/bin/supervisord", "-n"]
        `,
        'install.sh': conf`
          #!/bin/sh
          apt-get update && apt-get install -y nginx supervisor php-fpm
          sed -i '1 idaemon off;' /etc/nginx/nginx.conf
          sed -i 's/.*daemonize.*/daemonize = no/' /etc/php/8.2/fpm/php-fpm.conf
        `,
        'site.conf': siteTo('192.0.2.7:8000'),
        'supervisord.conf': conf`
          [program:nginx]
          command=/usr/sbin/nginx

          [program:php]
          command=/usr/sbin/php-fpm8.2
        `,
      },
    },
    {
      title: 'told by the main file that the command names',
      files: {
        'docker-compose.yml': composeWith({ nginx: 'command: nginx -c /nginx.conf' }).replace(
          './nginx/site.conf:/etc/nginx/conf.d/default.conf',
          './nginx/nginx.conf:/nginx.conf',
        ),
        'nginx/nginx.conf': `daemon off;\n${nginxMain(siteTo('web:8000'))}`,
      },
    },
    {
      title: 'a template of the main file, which a script places',
      files: {
        'rootfs/etc/supervisord/nginx.conf': conf`
          [program:nginx]
          command = /usr/sbin/nginx
        `,
        'rootfs/etc/supervisord.conf': conf`
          [supervisord]
          nodaemon = true

          [include]
          files = /etc/supervisord/*.conf
        `,
        'rootfs/tpls/etc/nginx/nginx.conf': `daemon off;\n${nginxMain(siteTo('192.0.2.7:8000'))}`,
      },
    },
    {
      title: 'a tree of a system, of whose files nginx reads not all',
      files: {
        'container/etc/supervisor.d/nginx.conf': conf`
          [program:nginx]
          command = /usr/sbin/nginx
        `,
        'container/etc/supervisord.conf': conf`
          [supervisord]
          nodaemon = true

          [include]
          files = /etc/supervisor.d/*.conf
        `,
        'container/etc/nginx/nginx.conf': `daemon off;\n${nginxMain(siteTo('192.0.2.7:8000'))}`,
        'container/etc/nginx/addon.d/cache.example': conf`
          location ~ \.php$ {
              fastcgi_cache pages;
              fastcgi_pass 192.0.2.7:9000;
          }
        `,
      },
    },
    {
      title: 'a main file of a directory that is copied, which its command names',
      files: {
        ...built(conf`
          FROM alpine:3.20
          RUN apk add --no-cache nginx
          COPY . /app
          CMD ["nginx", "-c", "/app/conf/main.conf"]
        `),
        'nginx/conf/main.conf': `daemon off;\n${nginxMain(siteTo('web:8000'))}`,
      },
    },
    {
      title: 'the same below supervisord, which a script starts',
      files: {
        Dockerfile: conf`
          FROM alpine:3.20
          RUN apk add --no-cache nginx supervisor
          COPY . /app
          ENTRYPOINT ["/app/start.sh"]
        `,
        'start.sh': '#!/bin/sh\nexec supervisord -c /app/deploy/supervisord.conf\n',
        'deploy/supervisord.conf': conf`
          [supervisord]
          nodaemon = true
          [program:nginx]
          command = nginx -c /app/deploy/nginx/nginx.conf
        `,
        'deploy/nginx/nginx.conf': `daemon off;\n${nginxMain(siteTo('192.0.2.7:8000'))}`,
      },
    },
    { title: 'the command of the image', files: files('') },
    { title: 'told to stay', files: files(`command: ["nginx", "-g", "daemon off;"]`) },
    {
      title: 'told by the file',
      files: built(conf`
        FROM debian:12
        RUN apt-get update && apt-get install -y nginx && echo "daemon off;" >> /etc/nginx/nginx.conf
        COPY site.conf /etc/nginx/conf.d/default.conf
        CMD ["nginx"]
      `),
    },
    {
      title: 'something behind it that stays',
      files: built(conf`
        FROM debian:12
        RUN apt-get update && apt-get install -y nginx
        COPY site.conf /etc/nginx/conf.d/default.conf
        CMD service nginx start && tail -f /var/log/nginx/access.log
      `),
    },
    ...[
      'service php8.2-fpm start && nginx -g "daemon off;"',
      "service php8.2-fpm start; exec nginx -g 'daemon off;'",
      'service nginx start && php-fpm8.2 -F',
      'service nginx start && bash',
      'service nginx start; while true; do sleep 1000; done',
      'service nginx start & service php8.2-fpm start & wait',
      'service php8.2-fpm start || true; apachectl -D FOREGROUND',
      '(gunicorn shop.wsgi &) ; nginx -g "daemon off;"',
    ].map(command => ({
      title: `what stays behind services: ${command}`,
      files: built(conf`
        FROM debian:12
        RUN apt-get update && apt-get install -y nginx php8.2-fpm
        COPY site.conf /etc/nginx/conf.d/default.conf
        CMD ${command}
      `),
    })),
    {
      title: 'a script that waits as long as the server runs',
      files: {
        ...built(conf`
          FROM debian:12
          RUN apt-get update && apt-get install -y nginx php8.2-fpm
          COPY start.sh /
          COPY site.conf /etc/nginx/conf.d/default.conf
          CMD ["/start.sh"]
        `),
        'nginx/start.sh': conf`
          #!/bin/bash
          until nc -z "$DB_HOST" 3306; do sleep 1; done
          service php8.2-fpm start
          service nginx start
          until ! pgrep nginx; do sleep 10; done
          echo "nginx has ended"
        `,
      },
    },
    {
      title: 'a script that starts its command at last, or waits',
      files: {
        ...built(conf`
          FROM debian:12
          RUN apt-get update && apt-get install -y nginx
          COPY start.sh wait.sh /
          COPY site.conf /etc/nginx/conf.d/default.conf
          ENTRYPOINT ["/start.sh"]
          CMD ["/wait.sh"]
        `),
        'nginx/start.sh': conf`
          #!/bin/sh
          service nginx start
          exec "$@"
        `,
        'nginx/wait.sh': conf`
          #!/bin/sh
          gunicorn shop.wsgi &
          nginx
          wait -n
        `,
      },
    },
    {
      title: 'an image of somebody else, whose main file may say it',
      files: {
        Dockerfile: conf`
          FROM registry.example.org/shop/nginx-base:latest
          COPY site.conf /etc/nginx/include/site.conf
          CMD ["nginx"]
        `,
        'site.conf': siteTo('192.0.2.7:8000'),
      },
    },
    {
      title: 'an image without a configuration, whose port is another one',
      files: {
        'web/Dockerfile': conf`
          FROM ubuntu:24.04
          RUN apt-get update && apt-get install -y nginx
          USER www-data
          EXPOSE 8001
          CMD ["/usr/sbin/nginx"]
        `,
        'conf/nginx.conf': `daemon off;\n${nginxMain(siteTo('192.0.2.7:8000'))}`,
      },
    },
    {
      title: 'told by a line of the build, of which supervisord’s file is copied',
      files: {
        Dockerfile: conf`
          FROM debian:12
          RUN apt-get update && apt-get install -y nginx supervisor
          RUN echo "daemon off;" >> /etc/nginx/nginx.conf
          COPY docker/supervisord.conf /etc/supervisor/conf.d/
          COPY site.conf /etc/nginx/sites-enabled/default
          CMD ["/usr/bin/supervisord"]
        `,
        'docker/supervisord.conf': conf`
          [supervisord]
          nodaemon=true
          [program:nginx]
          command=/usr/sbin/nginx
        `,
        'site.conf': siteTo('192.0.2.7:8000'),
      },
    },
    {
      title: 'told by the main file that is copied',
      files: {
        Dockerfile: conf`
          FROM nginx:1.27
          COPY main.conf /etc/nginx/nginx.conf
          COPY site.conf /etc/nginx/conf.d/default.conf
          CMD ["nginx"]
        `,
        'main.conf': conf`
          daemon off;
          events {
          }
          http {
              include conf.d/*.conf;
          }
        `,
        'site.conf': siteTo('192.0.2.7:8000'),
      },
    },
  ],
  *check(deployment) {
    const runs = runImages(deployment)
    for (const run of [...runs, ...looseImages(deployment)]) {
      const last = whoLeaves(run.command?.words ?? []) === null ? endsInBackground(startedBy(run)) : null
      if (last !== null && !mayStay(run, last)) yield leavesLast(last)
    }
    for (const run of runs) {
      const { command } = run
      if (command === null || command === undefined) continue
      const program = whoLeaves(command.words)
      if (
        program !== null &&
        !staysByFile(run, program, command.words) &&
        !mayBeOwnWord(run) &&
        !mayStayByImage(run, program) &&
        !(program === 'nginx' && isConfiguredLater(run))
      )
        yield {
          at: command.at,
          message: `${program} goes into the background here, and the container ends with its first process`,
          label: 'not told to stay',
          help: STAYS[program],
        }
      if (run.machine.container !== null) continue
      for (const { words } of supervisorOfImage(run)?.programs ?? []) {
        const supervised = leavesSupervisor(words ?? [])
        const { program = null, at } = supervised ?? {}
        const texts = (words ?? []).map(({ text }) => text)
        if (supervised !== null && program !== null && !staysByFile(run, program, texts, at)) yield supervised
      }
    }
    for (const { by, words, machine } of deployment.commands) {
      const supervised = by === 'supervisord' ? leavesSupervisor(words) : null
      if (supervised === null) continue
      const { container, files } = machine
      // What a build copies is judged with its image.
      const isCopied = ({ mounts }: RunImage): boolean =>
        mounts.some(({ path }) => path === supervised.at.source.path)
      if (container === null && runs.some(isCopied)) continue
      const run = {
        machine,
        mounts: container?.mounts ?? [],
        image: container?.image ?? null,
        files: container?.hostFiles ?? files,
      }
      if (
        !staysByFile(
          run,
          supervised.program,
          words.map(({ text }) => text),
          supervised.at,
        ) &&
        !(container === null && staysOnMachine(files, supervised)) &&
        !deployment.nginx.some(
          ({ occurrences }) => supervised.program === 'nginx' && occurrences.has('daemon'),
        )
      )
        yield supervised
    }
  },
})

function mayStay(run: RunImage, { program, words }: LastCommand): boolean {
  return (
    program !== null &&
    (staysByFile(run, program, words) ||
      mayStayByImage(run, program) ||
      (program === 'nginx' && isConfiguredLater(run)))
  )
}

function leavesLast({ at, words, program, isSent, startedAt }: LastCommand): RuleFinding {
  const isSystemd = posix.basename(words[0] ?? '') === 'systemctl'
  return {
    at,
    message: isSent
      ? 'the last command goes into the background with `&`, so the shell ends, and the container with its first process'
      : isSystemd
        ? 'no systemd runs in the container, so `systemctl` starts nothing; the shell ends with it, and the container with its first process: System has not been booted with systemd as init system'
        : `the last command leaves ${program ?? 'its service'} in the background and ends, and the container ends with its first process`,
    label: 'nothing stays behind it',
    related: startedAt === null ? [] : [{ at: startedAt, message: 'the first process of the container' }],
    help: isSent
      ? 'Leave out the `&`, or end with `wait`'
      : program === null
        ? 'End with a server that stays in the foreground, as `exec nginx -g "daemon off;"` does'
        : STAYS[program],
  }
}

/** True for one word that is given to an image of somebody else, whose entry point may know what it means by it. */
function mayBeOwnWord({ command, image, base }: RunImage): boolean {
  return command?.words.length === 1 && image === null && isForeignImage(base)
}

/** True for the image of somebody else that brings the server, and may bring its main file. */
function mayStayByImage({ image, base }: RunImage, program: Leaving): boolean {
  return (
    isForeignImage(base) &&
    (program === 'nginx' || program === 'PHP-FPM') &&
    !buildSteps({ image }).some(step =>
      /\b(?:apt|apt-get|apk|yum|dnf)\b[^&;|]*\s(?:nginx|php\S*fpm)/.test(step),
    )
  )
}

/**
 * True for an image that brings no configuration and has other ports than nginx opens by itself: whoever runs it, and
 * publishes them, mounts a main file, which may say it.
 */
function isConfiguredLater({ image, mounts, machine }: RunImage): boolean {
  const ports = image?.exposes ?? []
  return (
    (machine.container?.service.ports ?? []).length === 0 &&
    ports.length > 0 &&
    ports.every(({ port }) => port.known && !holdsPort(port.value, 80) && !holdsPort(port.value, 443)) &&
    !mounts.some(({ target }) => /^\/etc\/nginx(?:\/|$)/.test(target)) &&
    !buildSteps({ image }).some(step => step.includes('/etc/nginx'))
  )
}

/** What supervisord would take for ended; null for what stays. */
function leavesSupervisor(words: readonly WrittenText[]) {
  const program = whoLeaves(words.map(({ text }) => text))
  const [first] = words
  if (program === null || first === undefined) return null
  return {
    program,
    at: placeOf(first),
    message: `${program} goes into the background here, and supervisord takes it for ended and starts it again, on a port that is taken: Exited too quickly`,
    label: 'not told to stay',
    help: STAYS[program],
  }
}

/** True where a file, or a line of the build, says that it stays, or may. */
function staysByFile(
  { machine, mounts, image, files }: Pick<RunImage, 'machine' | 'mounts' | 'image' | 'files'>,
  program: Leaving,
  named: readonly string[] = [],
  by: Place | null = null,
): boolean {
  if (program === 'Apache' || program === 'PM2' || program === 'Tomcat') return false
  const [told, place, line, options] = SAYS[program]
  const main = namedMainFile(named, options)
  // The usual one is that of a package, where nothing brings another; of any other one that is not here nobody knows.
  if (main !== null && !place.test(main)) {
    const beside = machine.container === null && by !== null ? by.source.path : null
    if (hasLine(main, line, { mounts, files, beside }) !== false) return true
  }
  const isToldByBuild = (image?.steps ?? []).some(
    step => 'command' in step && told.test(commandText(step.command)),
  )
  if (isToldByBuild || mounts.some(({ path }) => path !== null && isSaidByScript(files, path, told)))
    return true
  const placed = mounts.filter(({ target }) => place.test(target) || named.includes(target))
  if (placed.some(({ path }) => path === null || says(files, path, line))) return true
  return machine.programs.some(
    each => program === 'nginx' && each.kind === 'nginx' && each.configuration.occurrences.has('daemon'),
  )
}

/** What a build says that changes it, where its main file stands, the line of that, and what names another one. */
const SAYS = {
  nginx: [/\bdaemon\b|\bnginx\.conf\b/, /^\/etc(?:\/nginx(?:\/.*)?)?$/, /^\s*daemon\s/m, /^-c$/],
  'PHP-FPM': [
    /\bdaemonize\b|\bphp-fpm\.conf\b/,
    /^\/etc(?:\/php(?:\/.*)?)?$|php-fpm\.(?:conf|d)/,
    /^\s*daemonize\s*=/m,
    /^(?:-y$|--fpm-config(?:=|$))/,
  ],
} as const

/** True where the main file of a machine says it. */
function staysOnMachine(
  files: FileSystem,
  { program, at }: { readonly program: Leaving; readonly at: Place },
): boolean {
  // Whoever keeps both in one directory installs both, and what a script there says of them.
  const directory = posix.dirname(at.source.path)
  const [told] = program === 'nginx' || program === 'PHP-FPM' ? SAYS[program] : [null]
  if (told !== null)
    for (const { name } of files.list(directory) ?? [])
      if (isSaidByScript(files, posix.join(directory, name), told)) return true
  if ((program === 'nginx' || program === 'PHP-FPM') && staysByTemplate(files, program)) return true
  if (program === 'nginx')
    return [posix.join(directory, 'nginx.conf'), besideInSystem(at.source.path)].some(
      path => path !== null && says(files, path, SAYS.nginx[2]),
    )
  if (program !== 'PHP-FPM') return false
  return (files.list('/etc/php') ?? []).some(({ name }) =>
    says(files, `/etc/php/${name}/fpm/php-fpm.conf`, SAYS['PHP-FPM'][2]),
  )
}

/** Where the main file of nginx stands in the tree of a system, wherever that is kept, in whose `etc` a file lies. */
function besideInSystem(path: string): string | null {
  const etc = path.lastIndexOf('/etc/')
  return etc === -1 ? null : `${path.slice(0, etc)}/etc/nginx/nginx.conf`
}

const OF_SYSTEM = /^(?:bin|boot|dev|etc|home|lib\d*|media|mnt|opt|proc|root|run|s?bin|srv|sys|tmp|usr|var)$/

/** True where a main file says it that lies beside the directories of the system, for a script to place. */
function staysByTemplate(files: FileSystem, program: 'nginx' | 'PHP-FPM'): boolean {
  const name = program === 'nginx' ? /^nginx\.conf/ : /^(?:php-fpm|www)\.conf/
  let left = 100
  const holds = (directory: string): boolean => {
    if (left-- <= 0) return false
    return (files.list(directory) ?? []).some(each => {
      const path = posix.join(directory, each.name)
      return each.kind === 'directory'
        ? holds(path)
        : name.test(each.name) && says(files, path, SAYS[program][2])
    })
  }
  return (files.list('/') ?? []).some(
    each => each.kind === 'directory' && !OF_SYSTEM.test(each.name) && holds(`/${each.name}`),
  )
}

/** True for a script with a line of that: it changes what the server reads. */
function isSaidByScript(files: FileSystem, path: string, told: RegExp): boolean {
  return path.endsWith('.sh') && says(files, path, told)
}

/** True where a file says it, or the main file of a directory that is placed whole. */
function says(files: FileSystem, path: string, line: RegExp): boolean {
  const main = files.kind(path) === 'directory' ? `${path}/nginx.conf` : path
  const read = files.kind(main) === 'file' ? files.read(main) : null
  return read?.kind === 'source' && line.test(read.source.text)
}
