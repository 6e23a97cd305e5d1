import { posix } from 'node:path'
import { matchedPlace, type Place, type Source } from '../../parsers/text/source.ts'
import { conf } from '../../src/engine/conf.ts'
import { defineRule } from '../../src/engine/rule.ts'
import { type FileSystem, sourceAt } from '../../src/files/file-system.ts'

const UNICORN = conf`
  «working_directory» '/srv/shop/current'
  pid '/srv/shop/shared/tmp/pids/unicorn.pid'
  listen '/run/shop/unicorn.sock'
  worker_processes 2
  preload_app true
  before_fork do |server, worker|
    old = "#{server.config[:pid]}.oldbin"
    Process.kill(:QUIT, File.read(old).to_i) if File.exist?(old)
  end
`
const PLAIN = UNICORN.replace(/[«»]/g, '')
const DEPLOY = conf`
  lock '~> 3.17'
  set :application, 'shop'
  set :deploy_to, '/srv/shop'
  set :keep_releases, 5
  after 'deploy:publishing', 'unicorn:upgrade'
`
const TASKS = conf`
  namespace :unicorn do
    task :start do
      on roles(:app) do
        within current_path do
          execute :bundle, 'exec', 'unicorn', '-D', '-c', 'config/unicorn.rb'
        end
      end
    end
    task :upgrade do
      on roles(:app) do
        execute 'kill -s USR2 $(cat /srv/shop/shared/tmp/pids/unicorn.pid)'
      end
    end
  end
`
const project = (files: Record<string, string>): Record<string, string> => ({
  'config/nginx.conf': conf`
    upstream shop {
        server unix:/run/shop/unicorn.sock fail_timeout=0;
    }
    server {
        listen 80;
        root /srv/shop/current/public;
        location / {
            proxy_pass http://shop;
        }
    }
  `,
  'config/deploy.rb': DEPLOY,
  'config/unicorn.rb': PLAIN,
  'lib/capistrano/tasks/unicorn.rake': TASKS,
  ...files,
})
const SCRIPT = conf`
  #!/bin/sh
  cd /srv/shop/current || exit 1
  case $1 in
    start) bundle exec unicorn -D -c config/unicorn.rb ;;
    upgrade) kill -USR2 "$(cat tmp/pids/unicorn.pid)" ;;
  esac
`

export default defineRule({
  summary: 'Unicorn that USR2 starts anew keeps the Gemfile of the release in which it was first started',
  severity: 'error',
  confidence: 'high',
  since: '0.1.0',
  why: '`bundle exec` sets `BUNDLE_GEMFILE` to the real path of the Gemfile, below `releases`. USR2 starts a new master with the environment of the old one, so that every later release has the gems of the first. Once Capistrano has removed that directory, no new master starts: `Gemfile not found (Bundler::GemfileNotFound)`, and the old code goes on answering.',
  remedy: 'Set it in `before_exec`: `ENV["BUNDLE_GEMFILE"] = "/srv/shop/current/Gemfile"`',
  references: [
    'https://yhbt.net/unicorn/Sandbox.html',
    'https://yhbt.net/unicorn/Unicorn/Configurator.html#method-i-before_exec',
    'https://capistranorb.com/documentation/getting-started/configuration/',
  ],
  unproven: 'The live tests have no Ruby',
  bad: [
    { title: 'a task of Capistrano', files: project({ 'config/unicorn.rb': UNICORN }) },
    {
      title: 'a script of its own, in which it starts',
      files: project({
        'config/unicorn.rb': UNICORN,
        'lib/capistrano/tasks/unicorn.rake': '',
        'config/unicorn_init.sh': SCRIPT,
      }),
    },
    {
      title: 'a script without an ending, and an older Capistrano that removes releases',
      files: project({
        'config/deploy.rb':
          "set :deploy_to, '/srv/shop'\nafter 'deploy', 'deploy:cleanup'\nafter 'deploy', 'unicorn:upgrade'\n",
        'config/unicorn.rb': UNICORN,
        'lib/capistrano/tasks/unicorn.rake': '',
        'config/unicorn_init': SCRIPT,
      }),
    },
    {
      title: 'the gem that brings the tasks, and a file of a stage',
      files: project({
        Gemfile: "gem 'unicorn'\ngem 'capistrano3-unicorn'\n",
        'config/deploy.rb': DEPLOY.replace('unicorn:upgrade', 'unicorn:restart'),
        'config/unicorn.rb': '',
        'config/unicorn/production.rb': UNICORN,
        'lib/capistrano/tasks/unicorn.rake': '',
      }),
    },
    {
      title: 'a hook that sets something else',
      files: project({
        'config/unicorn.rb': `${UNICORN}# ENV['BUNDLE_GEMFILE']\n`.replace(
          'before_fork',
          "before_exec do |_|\n  ENV['RAILS_ENV'] = 'production'\nend\nbefore_fork",
        ),
      }),
    },
  ],
  good: [
    {
      title: 'a hook that sets it',
      files: project({
        'config/unicorn.rb': `${PLAIN}before_exec do |server|\n  ENV['BUNDLE_GEMFILE'] = '/srv/shop/current/Gemfile'\nend\n`,
      }),
    },
    {
      title: 'a start that sets it',
      files: project({
        'lib/capistrano/tasks/unicorn.rake': TASKS.replace(
          'execute :bundle',
          "with bundle_gemfile: current_path.join('Gemfile') do; execute :bundle",
        ).replace("'config/unicorn.rb'", "'config/unicorn.rb'; end"),
      }),
    },
    {
      title: 'a unit that sets it',
      files: project({
        'config/unicorn.service': '[Service]\nEnvironment=BUNDLE_GEMFILE=/srv/shop/current/Gemfile\n',
      }),
    },
    {
      title: 'an end and a start',
      files: project({ 'lib/capistrano/tasks/unicorn.rake': TASKS.replace('-s USR2', '-s QUIT') }),
    },
    {
      title: 'a start without Bundler',
      files: project({
        'lib/capistrano/tasks/unicorn.rake': TASKS.replace(":bundle, 'exec', 'unicorn'", ':unicorn'),
      }),
    },
    {
      title: 'a script that could send the signal, and is asked to send another',
      files: project({
        'config/deploy.rb': DEPLOY.replace('unicorn:upgrade', 'unicorn:reload'),
        'lib/capistrano/tasks/unicorn.rake': '',
        'config/unicorn_init.sh': SCRIPT.replace(
          'upgrade)',
          'reload) kill -HUP "$(cat tmp/pids/unicorn.pid)" ;;\n  upgrade)',
        ),
      }),
    },
    {
      title: 'a task of the project that ends it and starts it',
      files: project({
        'config/deploy.rb': DEPLOY.replace('unicorn:upgrade', 'unicorn:restart'),
        'lib/capistrano/tasks/unicorn.rake': TASKS.replace('-s USR2', '-s QUIT').replace(
          ':upgrade',
          ':restart',
        ),
      }),
    },
    { title: 'one directory for all releases', files: project({ 'config/deploy.rb': '' }) },
    {
      title: 'releases that nothing removes',
      files: project({ 'config/deploy.rb': "set :deploy_to, '/srv/shop'\n" }),
    },
    {
      title: 'the signal for another server',
      files: project({ 'config/unicorn.rb': '', 'config/puma.rb': PLAIN }),
    },
  ],
  *check(deployment) {
    const texts = deployment.setups() ?? []
    const release = texts.map(removesReleases).find(place => place !== null)
    if (release == null) return
    const home = homeOf(release.source)
    const found = new Map<string, Source>()
    for (const { container, files } of deployment.machines)
      if (container === null) for (const source of filesOfUnicorn(files, home)) found.set(source.path, source)
    const configurations = [...found.values()].filter(isConfiguration)
    const others = [...texts, ...[...found.values()].filter(source => !isConfiguration(source))]
    if (configurations.length === 0 || [...others, ...configurations].some(setsGemfile)) return
    const started = others.some(({ text }) => STARTS.test(uncommented(text)))
    const isGem = isOfGem(texts)
    const signal = others.map(source => signalIn(source, others, isGem)).find(place => place !== null)
    if (signal == null || !(started || isGem)) return
    for (const source of configurations)
      yield {
        at: placeIn(source),
        message: `USR2 starts Unicorn anew with the \`BUNDLE_GEMFILE\` of the release in which it was first started, which Capistrano removes: Gemfile not found (Bundler::GemfileNotFound)`,
        label: 'no `before_exec` sets `BUNDLE_GEMFILE`',
        related: [
          { at: signal, message: 'the new master is started here' },
          { at: release, message: 'older releases are removed' },
        ],
      }
  },
})

/** The directory of the project, which has `config/deploy.rb`. */
function homeOf({ path }: Source): string {
  const directory = posix.dirname(path)
  return posix.basename(directory) === 'config' ? posix.dirname(directory) : directory
}

const PLACES = [
  'config',
  'config/unicorn',
  'config/deploy',
  'config/deploy/templates',
  'config/deploy/shared',
  'config/recipes/templates',
  'lib/capistrano/templates',
]

function filesOfUnicorn(files: FileSystem, home: string): readonly Source[] {
  return PLACES.flatMap(place => {
    const directory = posix.join(home, place)
    return (files.list(directory) ?? []).flatMap(({ name, kind }) => {
      const isIts = /unicorn/.test(name) || (place === 'config/unicorn' && name.endsWith('.rb'))
      return kind === 'file' && isIts ? (sourceAt(files, posix.join(directory, name)) ?? []) : []
    })
  })
}

function isConfiguration({ path, text }: Source): boolean {
  return (
    /\.rb(?:\.erb)?$/.test(path) &&
    /^\s*(?:working_directory|worker_processes|preload_app|listen)\b/m.test(text)
  )
}

/** The last release but a few is removed: by Capistrano 3 with every deployment, by others where somebody says so. */
function removesReleases(source: Source): Place | null {
  if (!/\/config\/deploy\.rb$/.test(source.path)) return null
  const code = uncommented(source.text)
  const match = /^\s*set[\s(]+:keep_releases\b/m.exec(code) ?? /^\s*set[\s(]+:deploy_to\b/m.exec(code) ?? null
  if (match === null || !/^\s*lock\b[^\n]*\b3\b|deploy:cleanup|^\s*set[\s(]+:repo_url\b/m.test(code))
    return null
  const start = match.index + match[0].indexOf(':')
  return { source, start, end: match.index + match[0].length }
}

function setsGemfile({ text }: Source): boolean {
  return /BUNDLE_GEMFILE|bundle_gemfile/.test(uncommented(text))
}

/** Comments become blanks. */
function uncommented(text: string): string {
  return text.replace(/(?<=^|\s)#(?!\{).*$/gm, comment => ' '.repeat(comment.length))
}

const STARTS = /\bbundle\b["',:\s]+exec\b["',:\s]+unicorn|\bbundle\s+exec\s+\S*unicorn/

function signalIn(source: Source, others: readonly Source[], isGem: boolean): Place | null {
  const code = uncommented(source.text)
  if (!/unicorn/i.test(code + source.path)) return null
  const match = /\bUSR2\b/.exec(code) ?? (isGem ? /\bunicorn:(?:legacy_)?restart\b/.exec(code) : null)
  if (match === null || !isAskedFor(code.slice(0, match.index), source, others)) return null
  return matchedPlace(source, match)
}

/** Of a script with several actions, that in which it stands is named by what deploys. */
function isAskedFor(before: string, { path }: Source, others: readonly Source[]): boolean {
  const last = [...before.matchAll(/^[ \t]*["']?([\w-]+(?:\s*\|\s*[\w-]+)*)["']?\)/gm)].at(-1)?.[1]
  if (last === undefined || before.lastIndexOf('esac') > before.lastIndexOf(last)) return true
  const action = new RegExp(`\\b(?:${last.replaceAll(/\s/g, '')})\\b`)
  return others.some(other => other.path !== path && action.test(uncommented(other.text)))
}

/** Gems whose tasks start it with Bundler, and send USR2 to restart it. */
function isOfGem(texts: readonly Source[]): boolean {
  return texts.some(({ text }) => /^\s*(?:gem|require)\s*\(?["']capistrano3?[-/]unicorn/m.test(text))
}

function placeIn(source: Source): Place {
  const match = /^[ \t]*(working_directory|before_fork|preload_app|worker_processes|listen)\b/m.exec(
    source.text,
  )!
  const word = match[1]!
  const start = match.index + match[0].length - word.length
  return { source, start, end: start + word.length }
}
