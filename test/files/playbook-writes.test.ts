import { test } from 'uvu'
import * as assert from 'uvu/assert'
import type { ScriptWrite } from '../../parsers/shell/script-writes.ts'
import { textSource } from '../../parsers/text/source.ts'
import { readYaml } from '../../parsers/yaml/read-yaml.ts'
import { importedBy, ofTasks, writesOfYaml } from '../../src/files/playbook-writes.ts'

const documentsOf = (text: string) => readYaml(textSource('/a.yml', text)).documents

const shown = (writes: readonly ScriptWrite[]): readonly string[] =>
  writes.map(({ at, by }) =>
    by.kind === 'copy' ? `${at} < ${by.from}` : by.kind === 'link' ? `${at} -> ${by.to}` : at,
  )

/** What is written to each machine. */
const writesIn = (text: string) => documentsOf(text).flatMap(writesOfYaml).map(shown)

test('write_files of cloud-init, and what runcmd makes of them', () => {
  const files = `#cloud-config
write_files:
  - path: /etc/a
    content: |
      a
  - path: /etc/b
    content: b
  - path: /etc/c
    encoding: b64
    content: Yw==
  - path: /etc/d
    append: true
    content: d
`
  assert.equal(writesIn(files), [['/etc/a', '/etc/b']])
  assert.equal(writesIn(`${files}runcmd:\n  - sed -i s/a/b/ /etc/a\n  - ln -s /etc/b /etc/e\n`), [
    ['/etc/b', '/etc/e -> /etc/b'],
  ])
  assert.equal(writesIn('packages: [nginx]\n'), [[]])
})

test('each play has machines of its own', () => {
  const play = (hosts: string, name: string) => `- hosts: ${hosts}
  tasks:
    - ansible.builtin.copy:
        content: a
        dest: /etc/${name}
`
  assert.equal(writesIn(play('web', 'a') + play('db', 'b')), [['/etc/a'], ['/etc/b']])
})

test('tasks that copy, fill in and link', () => {
  const tasks = `- template: {src: shop.conf.j2, dest: /etc/nginx/conf.d/shop.conf}
- copy: src=shop.service dest=/etc/systemd/system/
- file: {src: /etc/a, dest: /etc/b, state: link}
- file: {path: /etc/nginx/conf.d/shop.conf, mode: "0644"}
- template: {src: "{{ item }}.j2", dest: /etc/c}
- template: {src: d.j2, dest: "/etc/{{ name }}"}
- copy: {src: /opt/e, dest: /etc/e, remote_src: true}
`
  assert.equal(
    documentsOf(tasks).map(list => shown(ofTasks([list]))),
    [
      [
        '/etc/nginx/conf.d/shop.conf < shop.conf.j2',
        '/etc/systemd/system/shop.service < shop.service',
        '/etc/b -> /etc/a',
      ],
    ],
  )
})

test('what a condition decides, or another task changes, is left out', () => {
  const task = '- template: {src: a.j2, dest: /etc/a}\n'
  const ofText = (text: string, other = '') => shown(ofTasks(documentsOf(text), documentsOf(other)))
  assert.equal(ofText(`${task}  when: ansible_os_family == "Debian"\n`), [])
  assert.equal(ofText(`${task}  loop: [1, 2]\n`), [])
  assert.equal(ofText('- block:\n    - template: {src: a.j2, dest: /etc/a}\n  when: x\n'), [])
  assert.equal(ofText('- block:\n    - template: {src: a.j2, dest: /etc/a}\n'), ['/etc/a < a.j2'])
  assert.equal(ofText('- block: []\n  rescue:\n    - template: {src: a.j2, dest: /etc/a}\n'), [])
  assert.equal(ofText(task + task), [])
  assert.equal(ofText(`${task}- lineinfile: {path: /etc/a, line: b}\n`), [])
  assert.equal(ofText(`${task}- file: {path: /etc/a, state: absent}\n`), [])
  assert.equal(ofText(task, '- template: {src: b.j2, dest: /etc/a}\n'), [])
})

test('files of tasks that are surely brought in', () => {
  const text = `- import_tasks: nginx.yml
- ansible.builtin.include_tasks:
    file: php.yml
- include_tasks: debian.yml
  when: x
`
  assert.equal(documentsOf(text).flatMap(importedBy), ['nginx.yml', 'php.yml'])
})

test.run()
