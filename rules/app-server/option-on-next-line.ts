import { basename } from 'node:path/posix'
import { memo } from '../../parsers/collections/memo.ts'
import { isWrittenOut, type Source } from '../../parsers/text/source.ts'
import { conf } from '../../src/engine/conf.ts'
import { defineRule } from '../../src/engine/rule.ts'
import { proxiedServer } from '../_examples.ts'
import { bareScript } from '../containers/_shell-faults.ts'

const started = (script: string, path = 'bin/start.sh'): Record<string, string> => ({
  'nginx/site.conf': proxiedServer('', '127.0.0.1:8000'),
  [path]: script,
})

export default defineRule({
  summary: 'A script starts a server without the options on its next lines',
  severity: 'error',
  confidence: 'high',
  since: '0.1.0',
  why: 'A command of a shell ends with its line, unless a `\\` is its last character: with a blank behind it the `\\` is a part of the command. The server starts with what it has by itself, on another address, with one worker, without its logs. The shell looks for a program of the name of the option once the server has ended (`--bind: not found`), and behind `exec` never.',
  remedy: 'End each line that goes on with `\\`, and let nothing follow it',
  references: [
    'https://pubs.opengroup.org/onlinepubs/9799919799/utilities/V3_chap02.html#tag_19_02_01',
    'https://docs.gunicorn.org/en/stable/settings.html',
  ],
  unproven: 'No server takes part in it: what a line ends, the shell decides before it starts one',
  bad: [
    {
      title: 'options below the command',
      files: started(conf`
        #!/bin/bash
        cd /srv/shop
        if [ "$SHOP_TLS" = true ]; then
            exec gunicorn shop.wsgi:application --certfile "$SHOP_CERT" --bind 0.0.0.0:443
        else
            exec gunicorn shop.wsgi:application --access-logfile /var/log/shop/access.log
                «--error-logfile» /var/log/shop/error.log --workers 3
                --bind 127.0.0.1:8000
        fi
      `),
    },
    {
      title: 'a blank behind the backslash',
      files: started(
        [
          '#!/bin/sh',
          '/opt/shop/venv/bin/gunicorn shop.wsgi:application \\ ',
          '    «--bind»=127.0.0.1:8000',
          '',
        ].join('\n'),
        'bin/gunicorn_start',
      ),
    },
    {
      title: 'a container that a script starts',
      files: started(conf`
        docker run -d --name shop
          «-p» 127.0.0.1:8000:8000 \
          registry.example.org/shop:1
      `),
    },
  ],
  good: [
    {
      title: 'lines that go on',
      files: started(conf`
        #!/bin/sh
        exec gunicorn shop.wsgi:application \
            --workers 3 \
            --bind 127.0.0.1:8000
      `),
    },
    {
      title: 'an array, a text and a document',
      files: started(conf`
        #!/bin/bash
        command=(
            gunicorn shop.wsgi:application
            --bind 127.0.0.1:8000
        )
        options="
        gunicorn shop.wsgi:application
        --workers 3
        "
        cat > /etc/shop/command <<END
        gunicorn shop.wsgi:application
        --workers 3
        END
        exec "\${command[@]}"
      `),
    },
    {
      title: 'a condition of a template between lines that go on',
      files: started(
        conf`
          #!/bin/sh
          exec docker run \
            --name shop \
          {% if shop_debug %}
            --env SHOP_DEBUG \
          {% endif %}
            registry.example.org/shop:1
        `,
        'templates/start.sh.j2',
      ),
    },
    {
      title: 'a loop of a template between lines that go on',
      files: started(
        conf`
          #!/bin/bash
          certbot certonly \
            --http-01-port 8118 \
            {% for name in shop_names %}
            -d {{ name }} \
            {% endfor %}
            --standalone
        `,
        'templates/certificates.sh',
      ),
    },
    {
      title: 'the options of a program in a case, and in a file of no shell',
      files: {
        ...started(conf`
          #!/bin/sh
          gunicorn shop.wsgi:application
          case "$1" in
          -h | --help) echo "start.sh" ;;
          esac
        `),
        'docs/start.txt': 'gunicorn shop.wsgi:application\n--bind 127.0.0.1:8000\n',
      },
    },
  ],
  *check({ setups }) {
    for (const source of setups() ?? [])
      if (isShellScript(source) && isWrittenOut(source))
        for (const { program, option, start } of optionsLost(source))
          yield {
            at: { source, start, end: start + option.length },
            message: `the command ends with the line above, so \`${program}\` is started without \`${option}\`, and the shell looks for a program of this name: ${option}: not found`,
            label: 'a command of its own',
            help: 'End the line above with `\\`, and let no blank follow it',
          }
  },
})

function isShellScript({ path, text }: Source): boolean {
  return /\.(?:ba)?sh$/.test(path) || /^#![^\n]*\b(?:ba|da)?sh\b/.test(text)
}

const PROGRAMS =
  'gunicorn|uvicorn|hypercorn|daphne|uwsgi|waitress-serve|granian|celery|puma|unicorn|node|java|nginx|httpd|apache2|php-fpm[\\d.]*|certbot|(?:docker|podman)[ \\t]+run|flask[ \\t]+run'
const COMMAND = new RegExp(
  String.raw`^[ \t]*(?:(?:exec|sudo|nohup|env)[ \t]+)*(?:[\w./$\{}~-]*/)?(${PROGRAMS})(?=[ \t\n])[^\n;&|<>()]*\n[ \t]*(--?[A-Za-z][\w-]*)(?=[ \t\n=])`,
  'dgm',
)

interface LostOption {
  readonly program: string
  readonly option: string
  readonly start: number
}

/** A repository of many machines has one set of scripts, which each of them asks about. */
const optionsLost = memo(({ code }: Source): readonly LostOption[] => {
  if (code.includes('\r')) return []
  const bare = bareScript(code)
  return [...bare.matchAll(COMMAND)].flatMap(({ index, 1: program = '', 2: option = '', indices }) => {
    const start = indices?.[2]?.[0]
    // Within an array each line is a word.
    if (start === undefined || /=\([^()]*$/.test(bare.slice(0, index))) return []
    // Ansible takes away the line that a statement of a template stands on.
    if (code.slice(index, start).includes('{%')) return []
    return [{ program: basename(program), option, start }]
  })
})
