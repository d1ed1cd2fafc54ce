// Field numbers are those of onnx.proto3 (IR version 8, of opset 17's time). Repeated numbers are written unpacked, as
// the format's own proto2 definition does; readers accept both.
#include "nn/onnx_writer.h"
#include "base/mem.h"

#include <assert.h>
#include <string.h>

enum { IR_VERSION = 8 };
enum { WIRE_VARINT = 0, WIRE_BYTES = 2, WIRE_FIXED32 = 5 };
enum { ATTR_FLOAT = 1, ATTR_INT = 2, ATTR_STRING = 3, ATTR_INTS = 7 };

struct onnx_model {
    int opset;
    size_t max;
    bool full;
    char domain[32]; // the one beside the default, empty while no node is of it
    buf graph;       // finished fields of GraphProto
    buf node;        // the NodeProto being written; empty between nodes
};

onnx_model *onnx_new(int opset, size_t max)
{
    onnx_model *m = mem_new(1, sizeof *m);
    *m = (onnx_model){ .opset = opset, .max = max, .graph = buf_new(max), .node = buf_new(1 << 20) };
    return m;
}

void onnx_free(onnx_model *m)
{
    if (!m) return;
    buf_free(&m->graph);
    buf_free(&m->node);
    mem_free(m);
}

size_t onnx_type_size(onnx_type type)
{
    switch (type) {
    case ONNX_U8:
    case ONNX_I8:
        return 1;
    case ONNX_F16:
        return 2;
    case ONNX_F32:
    case ONNX_I32:
        return 4;
    case ONNX_I64:
        return 8;
    }
    return 0;
}

// --- protobuf ---

static void put(onnx_model *m, buf *b, const void *data, size_t n)
{
    if (!buf_append(b, data, n)) m->full = true;
}

static void put_varint(onnx_model *m, buf *b, uint64_t v)
{
    uint8_t bytes[10];
    size_t n = 0;
    for (; v >= 0x80; v >>= 7) bytes[n++] = (uint8_t)(v | 0x80);
    bytes[n++] = (uint8_t)v;
    put(m, b, bytes, n);
}

static void put_key(onnx_model *m, buf *b, unsigned field, unsigned wire) { put_varint(m, b, field << 3 | wire); }

static void put_int(onnx_model *m, buf *b, unsigned field, int64_t v)
{
    put_key(m, b, field, WIRE_VARINT);
    put_varint(m, b, (uint64_t)v);
}

static void put_bytes(onnx_model *m, buf *b, unsigned field, const void *data, size_t n)
{
    put_key(m, b, field, WIRE_BYTES);
    put_varint(m, b, n);
    put(m, b, data, n);
}

static void put_text(onnx_model *m, buf *b, unsigned field, const char *s) { put_bytes(m, b, field, s, strlen(s)); }

static void put_message(onnx_model *m, buf *b, unsigned field, buf *message)
{
    put_bytes(m, b, field, message->data, message->len);
    buf_free(message);
}

static buf scratch(void) { return buf_new(1 << 20); }

// --- nodes ---

static void end_node(onnx_model *m)
{
    if (m->node.len) put_bytes(m, &m->graph, 1, m->node.data, m->node.len);
    m->node.len = 0;
}

void onnx_node(onnx_model *m, const char *op, const char *const *in, int in_count, const char *const *out,
               int out_count)
{
    end_node(m);
    for (int i = 0; i < in_count; i++) put_text(m, &m->node, 1, in[i]);
    for (int i = 0; i < out_count; i++) put_text(m, &m->node, 2, out[i]);
    put_text(m, &m->node, 4, op);
}

void onnx_node_domain(onnx_model *m, const char *domain)
{
    assert(m->node.len || m->full);
    assert(strlen(domain) < sizeof m->domain && (!m->domain[0] || strcmp(m->domain, domain) == 0));
    memcpy(m->domain, domain, strlen(domain) + 1);
    put_text(m, &m->node, 7, domain);
}

void onnx_node_list(onnx_model *m, const char *op, const char *out, const char *const *in)
{
    int count = 0;
    while (in[count]) count++;
    onnx_node(m, op, in, count, &out, 1);
}

static void put_attr(onnx_model *m, const char *name, int type, buf *value)
{
    assert(m->node.len || m->full); // an attribute belongs to a node
    put_text(m, value, 1, name);
    put_int(m, value, 20, type);
    put_message(m, &m->node, 5, value);
}

void onnx_attr_int(onnx_model *m, const char *name, int64_t value)
{
    buf b = scratch();
    put_int(m, &b, 3, value);
    put_attr(m, name, ATTR_INT, &b);
}

void onnx_attr_ints(onnx_model *m, const char *name, const int64_t *values, int count)
{
    buf b = scratch();
    for (int i = 0; i < count; i++) put_int(m, &b, 8, values[i]);
    put_attr(m, name, ATTR_INTS, &b);
}

void onnx_attr_float(onnx_model *m, const char *name, float value)
{
    buf b = scratch();
    put_key(m, &b, 2, WIRE_FIXED32);
    put(m, &b, &value, sizeof value);
    put_attr(m, name, ATTR_FLOAT, &b);
}

void onnx_attr_string(onnx_model *m, const char *name, const char *value)
{
    buf b = scratch();
    put_text(m, &b, 4, value);
    put_attr(m, name, ATTR_STRING, &b);
}

// --- inputs, outputs, constants ---

static void put_value_info(onnx_model *m, unsigned field, const char *name, onnx_type type, const int64_t *dim,
                           int dims)
{
    end_node(m);
    buf shape = scratch(), tensor = scratch(), kind = scratch(), info = scratch();
    for (int i = 0; i < dims; i++) {
        buf d = scratch();
        if (dim[i] >= 0) put_int(m, &d, 1, dim[i]);
        put_message(m, &shape, 1, &d);
    }
    put_int(m, &tensor, 1, type);
    put_message(m, &tensor, 2, &shape);
    put_message(m, &kind, 1, &tensor);
    put_text(m, &info, 1, name);
    put_message(m, &info, 2, &kind);
    put_message(m, &m->graph, field, &info);
}

void onnx_input(onnx_model *m, const char *name, onnx_type type, const int64_t *dim, int dims)
{
    put_value_info(m, 11, name, type, dim, dims);
}

void onnx_output(onnx_model *m, const char *name, onnx_type type, const int64_t *dim, int dims)
{
    put_value_info(m, 12, name, type, dim, dims);
}

static buf tensor_head(onnx_model *m, const char *name, onnx_type type, const int64_t *dim, int dims)
{
    end_node(m);
    buf t = scratch();
    for (int i = 0; i < dims; i++) put_int(m, &t, 1, dim[i]);
    put_int(m, &t, 2, type);
    put_text(m, &t, 8, name);
    return t;
}

uint8_t *onnx_constant(onnx_model *m, const char *name, onnx_type type, const int64_t *dim, int dims, const void *data)
{
    size_t bytes = onnx_type_size(type);
    for (int i = 0; i < dims; i++) {
        if (dim[i] < 0 || __builtin_mul_overflow(bytes, (size_t)dim[i], &bytes)) m->full = true;
    }
    buf head = tensor_head(m, name, type, dim, dims);
    if (m->full || bytes > m->max) {
        m->full = true;
        buf_free(&head);
        return NULL;
    }
    // TensorProto: the head, then raw_data (field 9), whose bytes go straight into the graph.
    put_key(m, &head, 9, WIRE_BYTES);
    put_varint(m, &head, bytes);
    put_key(m, &m->graph, 5, WIRE_BYTES);
    put_varint(m, &m->graph, head.len + bytes);
    put(m, &m->graph, head.data, head.len);
    buf_free(&head);
    if (data)
        put(m, &m->graph, data, bytes);
    else if (!buf_append_zeros(&m->graph, bytes))
        m->full = true;
    return m->full ? NULL : m->graph.data + m->graph.len - bytes;
}

void onnx_constant_i64(onnx_model *m, const char *name, const int64_t *values, int count)
{
    onnx_constant(m, name, ONNX_I64, &(int64_t){ count }, 1, values);
}

void onnx_constant_f32(onnx_model *m, const char *name, float value)
{
    onnx_constant(m, name, ONNX_F32, NULL, 0, &value);
}

static void put_external(onnx_model *m, buf *tensor, const char *key, const char *value)
{
    buf entry = scratch();
    put_text(m, &entry, 1, key);
    put_text(m, &entry, 2, value);
    put_message(m, tensor, 13, &entry);
}

static void put_external_number(onnx_model *m, buf *tensor, const char *key, uint64_t value)
{
    buf text = buf_new(32);
    if (!buf_printf(&text, "%llu", (unsigned long long)value) || !buf_append(&text, "", 1)) m->full = true;
    put_external(m, tensor, key, (const char *)text.data);
    buf_free(&text);
}

void onnx_constant_external(onnx_model *m, const char *name, onnx_type type, const int64_t *dim, int dims,
                            const char *file, uint64_t offset, uint64_t length)
{
    buf t = tensor_head(m, name, type, dim, dims);
    put_external(m, &t, "location", file);
    put_external_number(m, &t, "offset", offset);
    put_external_number(m, &t, "length", length);
    put_int(m, &t, 14, 1); // data_location EXTERNAL
    put_message(m, &m->graph, 5, &t);
}

bool onnx_finish(onnx_model *m, buf *out, err *e)
{
    end_node(m);
    put_text(m, &m->graph, 2, "tryon"); // the graph's name, which the checker wants to see
    buf head = scratch(), opset = scratch();
    put_int(m, &head, 1, IR_VERSION);
    put_text(m, &head, 2, "tryon");
    put_text(m, &opset, 1, "");
    put_int(m, &opset, 2, m->opset);
    put_message(m, &head, 8, &opset);
    if (m->domain[0]) {
        buf other = scratch();
        put_text(m, &other, 1, m->domain);
        put_int(m, &other, 2, 1);
        put_message(m, &head, 8, &other);
    }
    put_key(m, &head, 7, WIRE_BYTES);
    put_varint(m, &head, m->graph.len);
    size_t before = out->len, size = head.len + m->graph.len;
    bool ok = !m->full && size <= m->max && buf_append(out, head.data, head.len) &&
              buf_append(out, m->graph.data, m->graph.len);
    buf_free(&head);
    if (ok) return true;
    out->len = before;
    return fail(e, ERR_LIMIT, "the network needs more than %zu MiB as an ONNX file",
                (out->max < m->max ? out->max : m->max) >> 20);
}
