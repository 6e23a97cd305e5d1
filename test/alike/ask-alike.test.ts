import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { rules } from '../../rules/index.generated.ts'
import { isOnByDefault } from '../../src/engine/asked-for.ts'
import { auditBothWays, saidBy } from './audited.ts'
import { apacheOf, NGINX, nginxOf, siteNames, type Tree, treeOf } from './sites.ts'

const NAMES = siteNames(72)
const [FIRST = '', , , , , , , , , TENTH = ''] = NAMES
const LAST = NAMES.at(-1) ?? ''
const RULES = rules.filter(({ id }) => isOnByDefault(id))

/** How a tree is changed, and whether few of its sites still tell the others. */
interface Case {
  readonly title: string
  readonly change: (tree: Tree) => Tree
  readonly isWhole?: boolean
}

const each = (tree: Tree, change: (path: string, text: string, name: string) => Tree): Tree =>
  Object.assign(
    {},
    ...Object.entries(tree).map(([path, text]) => {
      const name = NAMES.find(name => path.includes(name))
      return name === undefined ? { [path]: text } : change(path, text, name)
    }),
  )
const withText = (tree: Tree, path: string, from: string, to: string): Tree => {
  const text = tree[path] ?? ''
  assert.ok(text.includes(from), `${path} has no ${from}`)
  return { ...tree, [path]: text.replace(from, to) }
}
const renamed = (tree: Tree, from: string, to: string): Tree =>
  Object.fromEntries(
    Object.entries(tree).map(([path, text]) => [path.replaceAll(from, to), text.replaceAll(from, to)]),
  )
const forEachSite = (files: (name: string) => Tree): Tree => Object.assign({}, ...NAMES.map(files))

const CASES: readonly Case[] = [
  { title: 'sites that differ in their names alone', change: tree => tree },
  {
    title: 'one without a line that the others have',
    change: tree => withText(tree, nginxOf(TENTH), '        proxy_set_header Host $host;\n', ''),
  },
  {
    title: 'one with a longer timeout',
    change: tree => withText(tree, nginxOf(TENTH), '90s', '900s'),
  },
  {
    title: 'a name that rules know',
    change: tree => renamed(tree, TENTH, 'backup'),
  },
  {
    title: 'one with the name of another one',
    change: tree => withText(tree, nginxOf(TENTH), `server_name ${TENTH}.`, `server_name ${LAST}.`),
  },
  {
    title: 'one without a virtual host behind it, and nearly called so',
    change: tree => {
      const { [apacheOf(TENTH)]: _, ...rest } = renamed(tree, TENTH, `${NAMES[20]}s`)
      delete rest[apacheOf(`${NAMES[20]}s`)]
      return rest
    },
  },
  {
    title: 'one that the main file names',
    change: tree => withText(tree, NGINX, 'return 444', `return 301 http://${TENTH}.example.org/`),
  },
  {
    title: 'two that a map names',
    change: tree =>
      withText(
        tree,
        NGINX,
        '    include',
        `    map $host $app { ${TENTH}.example.org 1; ${LAST}.example.org 2; }\n    include`,
      ),
  },
  {
    title: 'a line that nginx refuses, in each of them',
    change: tree =>
      each(tree, (path, text) => ({
        [path]: text.replace('alias /', 'alais /'),
      })),
  },
  {
    title: 'one that nginx refuses',
    change: tree => withText(tree, nginxOf(LAST), 'alias /', 'alais /'),
  },
  {
    title: 'a port of its own for each',
    change: tree =>
      each(tree, (path, text, name) => ({
        [path]: text.replace('127.0.0.1:9000', `127.0.0.1:${23_411 + NAMES.indexOf(name)}`),
      })),
  },
  {
    title: 'numbers that differ',
    change: tree =>
      each(tree, (path, text, name) => ({ [path]: text.replace('90s', `${100 + NAMES.indexOf(name)}s`) })),
    isWhole: true,
  },
  {
    title: 'a directory for each',
    change: tree => ({
      ...tree,
      ...forEachSite(name => ({ [`var/www/${name}/public/index.html`]: 'here' })),
    }),
  },
  {
    title: 'directories of which one holds more',
    change: tree => ({
      ...tree,
      ...forEachSite(name => ({ [`var/www/${name}/public/index.html`]: 'here' })),
      [`var/www/${TENTH}/public/.git/config`]: '[core]\n',
    }),
  },
  {
    title: 'an application for each, which is looked into',
    change: tree => ({
      ...tree,
      ...forEachSite(name => ({
        [`opt/${name}/app/wsgi.py`]:
          'import os\nos.environ["DJANGO_SETTINGS_MODULE"] = "app.settings"\nfrom django.core.wsgi import get_wsgi_application\napplication = get_wsgi_application()\n',
        [`opt/${name}/app/settings.py`]: `DEBUG = True\nALLOWED_HOSTS = ["${name}.example.org"]\n`,
      })),
    }),
  },
  {
    title: 'applications of which one allows no host',
    change: tree => ({
      ...tree,
      ...forEachSite(name => ({
        [`opt/${name}/app/wsgi.py`]:
          'import os\nos.environ["DJANGO_SETTINGS_MODULE"] = "app.settings"\nfrom django.core.wsgi import get_wsgi_application\napplication = get_wsgi_application()\n',
        [`opt/${name}/app/settings.py`]: `ALLOWED_HOSTS = [${name === TENTH ? '' : `"${name}.example.org"`}]\n`,
      })),
    }),
  },
  {
    title: 'a unit for each',
    change: tree => ({
      ...tree,
      ...forEachSite(name => ({
        [`etc/systemd/system/${name}.service`]: `[Service]\nExecStart=/usr/bin/gunicorn --bind unix:/run/${name}.sock ${name}.wsgi\n`,
      })),
    }),
  },
  {
    title: 'a file for each that is not enabled',
    change: tree => ({
      ...tree,
      ...forEachSite(name => ({ [`etc/nginx/sites-available/${name}.conf`]: 'server { listen 81; }\n' })),
    }),
  },
  {
    title: 'an include for each that is not there',
    change: tree =>
      each(tree, (path, text, name) => ({
        [path]: text.replace('listen 80;', `listen 80;\n    include /srv/${name}/nginx.conf;`),
      })),
  },
  {
    title: 'one daemon process name for all',
    change: tree =>
      each(tree, (path, text, name) => ({
        [path]: text.replaceAll(`WSGIDaemonProcess ${name}`, 'WSGIDaemonProcess all'),
      })),
  },
  {
    title: 'comments for the audit in one of them',
    change: tree =>
      withText(
        tree,
        nginxOf(TENTH),
        'upstream',
        '# deploy-audit: ignore-file nginx/alias-traversal because I say so\nupstream',
      ),
  },
  {
    title: 'names in capital letters for one',
    change: tree =>
      withText(tree, nginxOf(TENTH), `server_name ${TENTH}`, `server_name ${TENTH.toUpperCase()}`),
  },
  {
    title: 'the first one behind another port',
    change: tree => withText(tree, nginxOf(FIRST), '127.0.0.1:9000', '127.0.0.1:9001'),
  },
  {
    title: 'a pattern that some of the names match',
    change: tree => withText(tree, NGINX, 'server_name _', 'server_name ~^[a-m]'),
    isWhole: true,
  },
  {
    title: 'a database that counts the threads of all',
    change: tree => ({
      ...tree,
      'etc/postgresql/15/main/postgresql.conf': 'port = 5432\nmax_connections = 100\n',
    }),
    isWhole: true,
  },
]

for (const { title, change, isWhole = false } of CASES) {
  test(`few sites tell what all do: ${title}`, () => {
    const { few, whole, looks } = auditBothWays(change(treeOf(NAMES)), RULES)
    assert.ok(whole.findings.length > 0)
    assert.is(few === null, isWhole)
    if (few === null) return
    assert.ok(looks <= 4, `${looks} looks`)
    assert.equal(saidBy(few), saidBy(whole))
  })
}

test('names may be of several lengths', () => {
  const { few, whole } = auditBothWays(treeOf(siteNames(80, [6, 8, 9])), RULES)
  assert.ok(few !== null)
  assert.equal(saidBy(few), saidBy(whole))
})

test('where a length makes a fault, they are looked at by their lengths', () => {
  const tree = treeOf(siteNames(90, [8, 16]))
  const named = Object.entries(tree).map(([path, text]) => [
    path,
    text.replace('threads=15', 'threads=15 display-name=%{GROUP}'),
  ])
  const { few, whole } = auditBothWays(Object.fromEntries(named), RULES)
  assert.ok(few !== null)
  assert.is(whole.findings.filter(({ rule }) => rule === 'wsgi/display-name').length, 45)
  assert.equal(saidBy(few), saidBy(whole))
})

test.run()
