import { posix } from 'node:path'
import { holdsPort } from '../../parsers/compose/holds-port.ts'
import { memo } from '../../parsers/collections/memo.ts'
import { directoriesAbove } from '../../parsers/text/directories-above.ts'
import type { Source } from '../../parsers/text/source.ts'
import type { Deployment } from '../../src/deployment/model.ts'
import { conf } from '../../src/engine/conf.ts'
import { defineRule } from '../../src/engine/rule.ts'
import { type FileSystem, sourceAt } from '../../src/files/file-system.ts'
import { parseIp, scopeOf } from '../../src/servers/addresses/ip.ts'
import { apacheMain } from '../_examples.ts'
import { isLaravel } from '../_php-projects.ts'
import { phpPool, phpSite } from './_examples.ts'
import { phpSites } from './_php-sites.ts'

const PROJECT = {
  'srv/shop/composer.json': '{ "require": { "laravel/framework": "^12.0" } }\n',
  'srv/shop/artisan': '#!/usr/bin/env php\n<?php\n',
  'srv/shop/public/index.php': "<?php require __DIR__.'/../vendor/autoload.php';\n",
}
const LEFT = { 'srv/shop/public/hot': '«http://localhost:5173»\n' }
const NGINX = phpSite().replace('/srv/www', '/srv/shop/public')
const nginx = (files: Record<string, string>, site = NGINX): Record<string, string> => ({
  'etc/nginx/nginx.conf': site,
  'etc/php/8.2/fpm/pool.d/www.conf': phpPool(),
  ...PROJECT,
  ...files,
})
const repository = (files: Record<string, string>, name = 'shop.example.org'): Record<string, string> => ({
  'deploy/nginx.conf': NGINX.replace('example.org', name),
  ...Object.fromEntries(
    Object.entries({ ...PROJECT, ...LEFT }).map(([path, text]) => [path.replace('srv/shop/', ''), text]),
  ),
  ...files,
})

export default defineRule({
  summary: 'Pages of Laravel load their scripts and styles from the development server of Vite',
  severity: 'error',
  confidence: 'high',
  since: '0.1.0',
  why: 'While Vite or Laravel Mix serves assets to a developer, its address stands in `public/hot`, and Laravel asks nothing but whether that file is there: whatever `APP_ENV` says and however often `npm run build` was run, `@vite` and `mix()` then name that address. Clients look for it on their own machine, and pages come without styles and scripts. The file stays behind where the development server was killed, and gets to others with a commit or a copy of the whole directory.',
  remedy: 'Remove `public/hot`, and add `/public/hot` to `.gitignore` and to what a deployment leaves out',
  references: [
    'https://laravel.com/docs/vite',
    'https://github.com/laravel/framework/blob/12.x/src/Illuminate/Foundation/Vite.php',
  ],
  unproven: 'The live tests install no Laravel',
  bad: [
    { title: 'nginx', files: nginx(LEFT) },
    {
      title: 'beside a .gitignore that came too late',
      files: nginx({ ...LEFT, 'srv/shop/.gitignore': '/public/hot\n' }),
    },
    { title: 'an address of IPv6', files: nginx({ 'srv/shop/public/hot': '«http://[::1]:5173»' }) },
    {
      title: 'a name that Valet or Herd made',
      files: nginx({ 'srv/shop/public/hot': '«https://shop.test:5173»' }),
    },
    {
      title: 'Apache',
      files: {
        'etc/apache2/apache2.conf': apacheMain(
          conf`
            Listen 80
            <VirtualHost *:80>
                ServerName example.org
                DocumentRoot /srv/shop/public
            </VirtualHost>
            <FilesMatch "\.php$">
                SetHandler "proxy:unix:/run/php/php8.2-fpm.sock|fcgi://localhost"
            </FilesMatch>
          `,
          ['proxy', 'proxy_fcgi'],
        ),
        ...PROJECT,
        ...LEFT,
      },
    },
    { title: 'a file that is committed', files: repository({ '.gitignore': '/vendor\n/node_modules\n' }) },
  ],
  good: [
    { title: 'no such file', files: nginx({}) },
    { title: 'a file that git leaves out', files: repository({ '.gitignore': '/vendor\n/public/hot\n' }) },
    {
      title: 'one that git leaves out of its directory',
      files: repository({ 'public/.gitignore': 'hot\nbuild/\n' }),
    },
    { title: 'a machine of a developer', files: repository({}, 'shop.test') },
    { title: 'no name that clients ask for', files: repository({}, '_') },
    {
      title: 'containers that run Vite',
      files: repository({
        'compose.yaml': conf`
          services:
            vite:
              image: node:22
              command: npm run dev -- --host
        `,
      }),
    },
    {
      title: 'containers that publish its port',
      files: repository({
        'compose.yaml': conf`
          services:
            app:
              image: example/shop
              ports: ["5173:5173"]
        `,
      }),
    },
    {
      title: 'a file elsewhere',
      files: nginx({
        ...LEFT,
        'srv/shop/vite.config.js': "export default { plugins: [laravel({ hotFile: 'storage/vite.hot' })] }\n",
      }),
    },
    {
      title: 'an application that looks elsewhere',
      files: nginx({
        ...LEFT,
        'srv/shop/app/Providers/AppServiceProvider.php':
          "<?php Vite::useHotFile(storage_path('vite.hot'));\n",
      }),
    },
    {
      title: 'an address that clients reach',
      files: nginx({ 'srv/shop/public/hot': 'https://assets.example.org\n' }),
    },
    {
      title: 'another application',
      files: Object.fromEntries(
        Object.entries(nginx(LEFT)).filter(([path]) => !/artisan|composer/.test(path)),
      ),
    },
  ],
  *check(deployment) {
    const seen = new Set<Source>()
    for (const { files, root, names, at: site } of phpSites(deployment)) {
      if (names?.some(isPublic) !== true) continue
      const path = posix.join(root, 'hot')
      const source = sourceAt(files, path)
      if (source === null || seen.has(source)) continue
      seen.add(source)
      // Of a repository the public directory alone is mounted where the server looks for it.
      const home = posix.dirname(source.path)
      const project = posix.dirname(home)
      const address = developmentAddress(source)
      if (address === null || !isLaravel(files, project) || looksElsewhere(files, project)) continue
      if (source.path !== path && isLeftOutByGit(files, home)) continue
      if (servesAssets(deployment, address)) continue
      const start = source.text.indexOf(address.text)
      yield {
        at: { source, start, end: start + address.text.length },
        message: `Laravel takes the scripts and styles of every page from \`${address.text}\`, as long as this file is there`,
        label: 'no server that clients reach',
        related: [{ at: site, message: 'serves the application' }],
        help: 'Remove `public/hot`',
      }
    }
  },
})

interface DevelopmentAddress {
  readonly text: string
  readonly port: number | null
}

/** The address of a server that runs on the machine or in the network of a developer; null for any other. */
function developmentAddress({ text }: Source): DevelopmentAddress | null {
  const [, address, host, port] =
    /^\s*(https?:\/\/(\[[\da-f:]+\]|[\w.-]+)(?::(\d+))?)\/?\s*$/i.exec(text) ?? []
  if (address === undefined || host === undefined) return null
  const ip = parseIp(host.replace(/^\[|\]$/g, ''))
  const isOwn = ip === null ? !isPublic(host) : scopeOf(ip) !== 'public'
  return isOwn ? { text: address, port: port === undefined ? null : Number(port) } : null
}

/** True for a name that may be one of the public DNS. */
function isPublic(name: string): boolean {
  return (
    /\.[a-z][a-z0-9-]+$/i.test(name) &&
    !/\.(?:test|local|localhost|localdomain|lan|internal|invalid|home|docker|loc|ddev\.site|lndo\.site)$/i.test(
      name,
    )
  )
}

/** True where the file of the application has another name. */
const looksElsewhere = (files: FileSystem, project: string): boolean =>
  ['vite.config.js', 'vite.config.ts', 'vite.config.mjs', 'app/Providers/AppServiceProvider.php'].some(name =>
    /\bhotFile\b|\buseHotFile\b/.test(sourceAt(files, posix.join(project, name))?.text ?? ''),
  )

function isLeftOutByGit(files: FileSystem, home: string): boolean {
  return [home, ...directoriesAbove(home)].some(directory => {
    const lines = sourceAt(files, posix.join(directory, '.gitignore'))?.text.split(/\r?\n/) ?? []
    return lines.some(line => /^(?:[^#!]*\/)?(?:hot|public\/?|\*{1,2})\s*$/.test(line))
  })
}

/** True where a container of the repository is the development server. */
function servesAssets(deployment: Deployment, { port }: DevelopmentAddress): boolean {
  const { ports, runsVite } = developmentServers(deployment)
  return runsVite || (port !== null && ports.some(each => each === null || holdsPort(each, port)))
}

const developmentServers = memo((deployment: Deployment) => {
  const services = deployment.containers().map(({ service }) => service)
  return {
    runsVite: services.some(({ command, entrypoint }) =>
      [...(entrypoint?.words ?? []), ...(command?.words ?? [])].some(({ text }) =>
        /\bvite\b|\bdev\b|\bhot\b|\bwatch\b/.test(text),
      ),
    ),
    ports: services.flatMap(each =>
      each.ports.map(({ published, target }) => {
        const port = published ?? target
        return port.known ? port.value : null
      }),
    ),
  }
})
