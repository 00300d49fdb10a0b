"""What the codebook says around its tables, in English and Indonesian."""

from typing import Any

WORDS: dict[str, dict[str, Any]] = {
    "en": {
        "title": "Codebook of the results database",
        "other": "In Indonesian: kodebuk",
        "intro": (
            "Every table and column that researchers read: on PostgreSQL as views of the schema `results`, in a "
            "release as tables of its SQLite file and as files of the same names. It is generated from the "
            "database itself.",
            "Counts are of groups: duplicates of one business count once. A week is an ISO week in Asia/Jakarta "
            "and sorts as text; intervals of weeks include their first week and exclude their last "
            "(`valid_to_week`, NULL: it still holds). Codes of places are those of Kemendagri without dots and "
            "keep their zeros as text.",
            "NULL never means zero; what it means is said for every column. A figure that is not known has a "
            "status and a reason. Shops that could not be looked for are `not_observable`, which is not absent.",
            "Pseudonyms are made with a key of the recipient's own: rows of two recipients cannot be joined, and "
            "nobody may try to find out who a pseudonym stands for.",
        ),
        "sections": {
            "figures": "Figures",
            "rows": "Pseudonymous rows",
            "sources": "Marketplaces and review",
            "registry": "Registry and code lists",
            "releases": "Releases",
        },
        "research": "In research releases only.",
        "key": "Key",
        "heads": ("column", "type", "meaning", "unit", "allowed values", "NULL means", "source"),
        "values": "Values of",
        "below": "listed below",
        "flags": "true, false",
        "flag": "true/false",
        "integer": "integer",
        "number": "number",
        "text": "text",
    },
    "id": {
        "title": "Kodebuk basis data hasil",
        "other": "Dalam bahasa Inggris: codebook",
        "intro": (
            "Semua tabel dan kolom yang dibaca peneliti: di PostgreSQL sebagai tampilan (view) pada skema "
            "`results`, dalam rilis data sebagai tabel berkas SQLite dan sebagai berkas dengan nama yang sama. "
            "Kodebuk ini disusun langsung dari basis data.",
            "Satuan hitungnya usaha: catatan ganda satu usaha dihitung satu. Pekan ialah pekan ISO menurut waktu "
            "Asia/Jakarta dan urut sebagai teks; selang pekan mencakup pekan pertamanya dan tidak mencakup pekan "
            "akhirnya (`valid_to_week`, NULL: masih berlaku). Kode wilayah mengikuti Kemendagri tanpa titik; "
            "angka nol di depan dipertahankan sebagai teks.",
            "NULL tidak pernah berarti nol; artinya disebutkan pada setiap kolom. Angka yang tidak diketahui "
            "memiliki status dan alasan. Toko yang tidak dapat dicari berstatus `not_observable`, yang bukan "
            "berarti tidak ada.",
            "ID samaran dibuat dengan kunci milik penerima sendiri: baris dari dua penerima tidak dapat "
            "digabungkan, dan siapa pun dilarang berusaha mengetahui siapa di balik suatu ID samaran.",
        ),
        "sections": {
            "figures": "Angka",
            "rows": "Baris dengan ID samaran",
            "sources": "Lokapasar dan pemeriksaan",
            "registry": "Registri dan daftar kode",
            "releases": "Rilis data",
        },
        "research": "Hanya dalam rilis untuk penelitian.",
        "key": "Kunci",
        "heads": ("kolom", "jenis", "arti", "satuan", "isi yang diperbolehkan", "arti NULL", "sumber"),
        "values": "Isi",
        "below": "lihat daftar di bawah",
        "flags": "true, false",
        "flag": "ya/tidak",
        "integer": "bilangan bulat",
        "number": "bilangan",
        "text": "teks",
    },
}
