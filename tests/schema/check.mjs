// SPDX-License-Identifier: LGPL-2.1-or-later
//
// profile.schema.json by a validator that is not ours: it takes every shipped profile, and refuses
// every bad one whose mistake a schema can see. One TAP line a profile.
//
//   node check.mjs SCHEMA SOURCE-ROOT

import fs from 'node:fs';
import path from 'node:path';
import Ajv from 'ajv/dist/2020.js';
import { parseDocument } from 'yaml';

const [schemaFile, root] = process.argv.slice(2);
const lines = [];

// Bad profiles in which a schema sees no mistake, and why.
const unseen = new Map(
        fs
                .readFileSync(path.join(root, 'tests/schema/unseen'), 'utf8')
                .split('\n')
                .filter((line) => line && !line.startsWith('#'))
                .map((line) => line.split(/: (.*)/, 2)),
);

function tell(ok, name, details = []) {
        lines.push(`${ok ? 'ok' : 'not ok'} ${lines.length + 1} - ${name}`);
        if (!ok) for (const line of details) lines[lines.length - 1] += `\n# ${line}`;
}

function files(folder) {
        return fs
                .readdirSync(path.join(root, folder))
                .filter((name) => name.endsWith('.yaml'))
                .map((name) => [path.basename(name, '.yaml'), path.join(root, folder, name)]);
}

const ajv = new Ajv({ strict: true, allowUnionTypes: true, strictRequired: false, allErrors: true });
const schema = JSON.parse(fs.readFileSync(schemaFile, 'utf8'));
const valid = ajv.validateSchema(schema);
tell(valid, 'the schema is one by its own rules', (ajv.errors ?? []).map((e) => e.message));
const validate = ajv.compile(schema);

/* What is wrong with a file, as an editor would show it; empty when nothing is. */
function problems(file) {
        const document = parseDocument(fs.readFileSync(file, 'utf8'), { prettyErrors: false });
        const errors = document.errors.map((error) => error.message);
        if (errors.length > 0) return errors;
        let value;
        try {
                value = document.toJS();
        } catch (error) {
                return [error.message];
        }
        return validate(value) ? [] : validate.errors.map((e) => `${e.instancePath} ${e.message}`);
}

for (const [name, file] of files('profiles')) {
        const found = problems(file);
        tell(found.length === 0, `it takes the shipped profile ${name}`, found.slice(0, 5));
}
for (const [name, file] of files('tests/bad-profiles')) {
        const found = problems(file);
        if (!unseen.has(name)) {
                tell(found.length > 0, `it refuses ${name}`, ['nothing was found wrong with it']);
                continue;
        }
        tell(found.length === 0, `it cannot see what is wrong with ${name}: ${unseen.get(name)}`, [
                'but it does: take it out of tests/schema/unseen',
                ...found.slice(0, 3),
        ]);
        unseen.delete(name);
}
for (const name of unseen.keys())
        tell(false, `tests/schema/unseen names ${name}`, ['there is no such bad profile']);

/* What the reader takes in more than one way. */
const spellings = [
        'sysctl: {vm.swappiness: 10}',
        'sysctl: {vm.swappiness: "10"}',
        'sysctl: {vm.dirty_bytes: 64MiB}',
        'sysctl: {vm.dirty_expire_centisecs: 1min 30s}',
        'sysctl: {vm.dirty_ratio: 10%}',
        'sysctl: {vm.lowmem_reserve_ratio: 256 256 32 0 0}',
        'sysctl: {vm.oom_dump_tasks: true}',
        'sysctl: {vm.max_map_count: {value: 1, only: raise, source: s, reviewed: 2026-11}}',
        'sysctl: {vm.min_free_kbytes: {of-ram: 1%, at-least: 64MiB, at-most: 1GiB}}',
        'transparent_hugepage: {hugepages-64kB: {enabled: inherit}, khugepaged: {defrag: 1}}',
        'hugepages: {hugepages-2048kB: {nr_hugepages: 1}, node0: {hugepages-2048kB: {nr_hugepages: 1}}}',
        'zswap: {enabled: yes, compressor: 842}',
        'ksm: {run: 1, sleep_millisecs: 20ms}',
        'sysctl:',
];
for (const spelling of spellings) {
        const file = path.join(process.cwd(), 'spelling.yaml');
        fs.writeFileSync(file, `profile: x\nsummary: s\n${spelling}\n`);
        const found = problems(file);
        tell(found.length === 0, `it takes ${spelling}`, found.slice(0, 5));
        fs.unlinkSync(file);
}

console.log(`1..${lines.length}\n${lines.join('\n')}`);
process.exit(lines.some((line) => line.startsWith('not')) ? 1 : 0);
