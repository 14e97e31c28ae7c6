// Where Q4_0 and Q8_0 weights lie as `foretoken_pack` lays them out: a kind of memory that llama.cpp offers its loader.
// Weights of mixtures of experts are not put there, nor embeddings, which are looked up.

#include "quantized-matmul.h"

#ifdef FORETOKEN_DOTS

#include "ggml-backend-impl.h"
#include "ggml-cpu.h"
#include "traits.h"

namespace {

struct Product : ggml::cpu::tensor_traits {
    bool work_size(int, const ggml_tensor * op, size_t & size) override {
        if (op->op != GGML_OP_MUL_MAT) return false;
        size = foretoken_work_size(op->src[1]->ne[1], op->src[1]->ne[0]);
        return true;
    }

    bool compute_forward(ggml_compute_params * params, ggml_tensor * op) override {
        if (op->op != GGML_OP_MUL_MAT) return false;
        const ggml_tensor * weights = op->src[0];
        const ggml_tensor * x = op->src[1];
        GGML_ASSERT(x->nb[0] == sizeof(float) && op->nb[0] == sizeof(float));
        for (int64_t i3 = 0; i3 < x->ne[3]; ++i3)
            for (int64_t i2 = 0; i2 < x->ne[2]; ++i2) {
                // The scratch memory is used again.
                if (i2 + i3 > 0) ggml_barrier(params->threadpool);
                foretoken_multiply(params, weights->type, weights->ne[1], x->ne[1], x->ne[0], weights->data,
                                   (const float *) ((const char *) x->data + i2 * x->nb[2] + i3 * x->nb[3]),
                                   (int64_t) (x->nb[1] / sizeof(float)),
                                   (float *) ((char *) op->data + i2 * op->nb[2] + i3 * op->nb[3]),
                                   (int64_t) (op->nb[1] / sizeof(float)));
            }
        return true;
    }
};

ggml_status initTensor(ggml_backend_buffer_t, ggml_tensor * tensor) {
    static Product product;
    tensor->extra = &product;
    return GGML_STATUS_SUCCESS;
}

void setTensor(ggml_backend_buffer_t, ggml_tensor * tensor, const void * data, size_t offset, size_t size) {
    GGML_ASSERT(offset == 0 && size == ggml_nbytes(tensor));
    foretoken_pack(tensor->type, data, tensor->ne[1], tensor->ne[0], tensor->data);
}

const char * name(ggml_backend_buffer_type_t) { return "CPU_FORETOKEN"; }

size_t alignment(ggml_backend_buffer_type_t) { return 64; }

size_t sizeOf(ggml_backend_buffer_type_t, const ggml_tensor * tensor) {
    return foretoken_multiplies(tensor->type) ? foretoken_packed_size(tensor->type, ggml_nrows(tensor), tensor->ne[0])
                                              : ggml_nbytes(tensor);
}

ggml_backend_buffer_t allocate(ggml_backend_buffer_type_t type, size_t size) {
    ggml_backend_buffer_t buffer = ggml_backend_buft_alloc_buffer(ggml_backend_cpu_buffer_type(), size);
    if (buffer == nullptr) return nullptr;
    buffer->buft = type;
    buffer->iface.init_tensor = initTensor;
    buffer->iface.set_tensor = setTensor;
    buffer->iface.get_tensor = nullptr;
    buffer->iface.cpy_tensor = nullptr;
    return buffer;
}

bool isOurs(const ggml_tensor * tensor) {
    return tensor->buffer != nullptr && tensor->buffer->buft->iface.get_name == name;
}

struct Memory : ggml::cpu::extra_buffer_type {
    bool supports_op(ggml_backend_dev_t, const ggml_tensor * op) override {
        if (op->op != GGML_OP_MUL_MAT || !isOurs(op->src[0])) return false;
        const ggml_tensor * weights = op->src[0];
        const ggml_tensor * x = op->src[1];
        return ggml_n_dims(weights) == 2 && ggml_is_contiguous(weights) && x->type == GGML_TYPE_F32 &&
            (x->buffer == nullptr || ggml_backend_buft_is_host(x->buffer->buft)) &&
            foretoken_multiplies(weights->type);
    }

    ggml::cpu::tensor_traits * get_tensor_traits(const ggml_tensor * op) override {
        return op->op == GGML_OP_MUL_MAT && isOurs(op->src[0]) ? (ggml::cpu::tensor_traits *) op->src[0]->extra : nullptr;
    }
};

// llama.cpp's list, of which the first that serves a weight is taken: ours goes before its own for any processor, which is
// the last.
const bool offered = [] {
    static Memory memory;
    static ggml_backend_buffer_type type = {
        {name, allocate, alignment, nullptr, sizeOf, nullptr},
        ggml_backend_reg_dev_get(ggml_backend_cpu_reg(), 0),
        &memory,
    };
    auto & all = ggml_backend_cpu_get_extra_buffer_types();
    all.insert(all.end() - 1, &type);
    return true;
}();

} // namespace

#endif
