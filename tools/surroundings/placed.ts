import {
  baseName,
  entriesOf,
  type Files,
  indented,
  isEtcAlone,
  type Lay,
  optionsOf,
  withLineEnd,
} from './files.ts'

/** A script writes each file, in a here-document. */
export const script: Lay = files => {
  if (!isEtcAlone(files)) return null
  const written = entriesOf(files).map(([path, text]) => `cat > /${path} <<'EOF'\n${withLineEnd(text)}EOF\n`)
  return {
    ...optionsOf(files),
    'scripts/setup.sh': `#!/bin/bash\nset -e\napt-get install -y nginx\n\n${written.join('\n')}`,
  }
}

/** `write_files` of cloud-init. */
export const cloudInit: Lay = files => {
  if (!isEtcAlone(files)) return null
  const written = entriesOf(files).map(
    ([path, text]) => `  - path: /${path}\n    content: |\n${indented(withLineEnd(text), 6)}`,
  )
  return { ...optionsOf(files), 'user-data.yaml': `#cloud-config\nwrite_files:\n${written.join('')}` }
}

/** The templates of a role of Ansible. */
export const role: Lay = files => {
  if (!isEtcAlone(files)) return null
  const laid: Record<string, string> = { ...optionsOf(files) }
  const tasks = entriesOf(files).map(([path, text]) => {
    let name = baseName(path)
    while (laid[`roles/web/templates/${name}.j2`] !== undefined) name = `other-${name}`
    laid[`roles/web/templates/${name}.j2`] = text
    return `- name: Install ${name}\n  ansible.builtin.template:\n    src: ${name}.j2\n    dest: /${path}\n    mode: "0644"\n`
  })
  return { ...laid, 'roles/web/tasks/main.yml': `---\n${tasks.join('\n')}` }
}

/** The same, where the port at which the two servers meet is a variable with a default. */
export const rolePort: Lay = files => {
  const laid = role(files)
  const ports = Object.values(laid ?? {}).flatMap(text => [...text.matchAll(/127\.0\.0\.1:(\d{4,5})\b/g)])
  const port = ports[0]?.[1]
  if (laid === null || port === undefined) return null
  const changed = Object.entries(laid).map(([path, text]) => [
    path,
    text.replace(new RegExp(`(?<![\\d.])${port}(?!\\d)`, 'g'), '{{ shop_port }}'),
  ])
  return { ...Object.fromEntries(changed), 'roles/web/defaults/main.yml': `shop_port: ${port}\n` }
}

/** All in one directory of a repository, which does not say where they go. */
export const oneDirectory: Lay = files => {
  if (!isEtcAlone(files)) return null
  const laid: Record<string, string> = { ...optionsOf(files) }
  for (const [path, text] of entriesOf(files)) {
    const place = `deploy/${baseName(path)}`
    if (laid[place] !== undefined) return null
    laid[place] = text
  }
  return laid
}

/** Directories of a repository that are called like those below `/etc`. */
export const directories: Lay = files => {
  if (!isEtcAlone(files)) return null
  const placed = entriesOf(files).map(([path, text]) => [
    path
      .replace(/^etc\/systemd\/system\//, 'systemd/')
      .replace(/^etc\/php\/[\d.]+\/fpm\//, 'php/')
      .replace(/^etc\//, ''),
    text,
  ])
  return { ...optionsOf(files), ...Object.fromEntries(placed) }
}

/** An image of nginx that copies each file to its place. */
export const image: Lay = files => {
  if (!isNginxAlone(files)) return null
  const copies = entriesOf(files).map(([path]) => `COPY ${inRepository(path)} /${path}\n`)
  return { ...filesOfNginx(files), Dockerfile: `FROM nginx:1.27\n${copies.join('')}` }
}

/** A compose file that mounts each file at its place. */
export const mounts: Lay = files => {
  if (!isNginxAlone(files)) return null
  const volumes = entriesOf(files).map(([path]) => `      - ./${inRepository(path)}:/${path}:ro\n`)
  return {
    ...filesOfNginx(files),
    'compose.yaml': `services:\n  web:\n    image: nginx:1.27\n    ports: ["80:80", "443:443"]\n    volumes:\n${volumes.join('')}`,
  }
}

/** A ConfigMap that a pod of nginx mounts. */
export const configMap: Lay = files => {
  if (!isNginxAlone(files) || !isEtcAlone(files)) return null
  const keyOf = (path: string): string => inRepository(path).replace('nginx/', '').replaceAll('/', '-')
  const data = entriesOf(files).map(
    ([path, text]) => `  ${keyOf(path)}: |\n${indented(withLineEnd(text), 4)}`,
  )
  const places = entriesOf(files).map(
    ([path]) =>
      `            - name: configuration\n              mountPath: /${path}\n              subPath: ${keyOf(path)}\n`,
  )
  return {
    ...optionsOf(files),
    'k8s/configmap.yaml': `apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: configuration\ndata:\n${data.join('')}`,
    'k8s/deployment.yaml': `${POD}          volumeMounts:\n${places.join('')}      volumes:\n        - name: configuration\n          configMap:\n            name: configuration\n`,
  }
}

const POD = `apiVersion: apps/v1
kind: Deployment
metadata:
  name: web
spec:
  selector:
    matchLabels:
      app: web
  template:
    metadata:
      labels:
        app: web
    spec:
      containers:
        - name: nginx
          image: nginx:1.27
          ports:
            - containerPort: 80
`

function isNginxAlone(files: Files): boolean {
  return entriesOf(files).every(([path]) => path.startsWith('etc/nginx/') && !path.includes('*'))
}

function inRepository(path: string): string {
  return path.replace(/^etc\//, '')
}

function filesOfNginx(files: Files): Files {
  const placed = entriesOf(files).map(([path, text]) => [inRepository(path), text])
  return { ...optionsOf(files), ...Object.fromEntries(placed) }
}
